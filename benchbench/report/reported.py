"""Reported differences in words: one sentence each, an answer over all of them, a table, and tidy rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from benchbench.comparison.reported.contrasts import ALPHA, Reread, Standing, median_row
from benchbench.report import numbers

_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
FOOTNOTES = (
    "p: of the row's own test; p Holm: corrected over all rows. Intervals (95 %) are over seeds, with the test items "
    "taken as fixed, and rows as independent: a table of means does not show which runs share a seed.",
    "80 % power from, corrected: true difference that is found with 80 % power if the reported spreads are the true "
    "ones, by the row's own test and at Holm's strictest step. MDD: by its own test with 80 % confidence too, since "
    "spreads are estimates.",
)
"""Under the table of `bench reread`."""


def statement(row: Reread) -> str:
    """What the report itself says of a difference, as in `+0.0363 [-0.017, +0.090], p 0.099: ...`."""
    interval = row.contrast.interval
    shown = numbers.rounded_interval(interval)
    notes = "; ".join(row.contrast.notes)
    if row.standing is Standing.NO_INTERVAL:
        return f"{shown}: {notes or interval.note}"
    said = f"{shown}, p {numbers.short_p(interval.p)}: {_verdict(row)}"
    return f"{said}; {notes}" if notes else said


def sentence(row: Reread) -> str:
    """The statement with its subject, and what the seeds could have seen."""
    contrast = row.contrast
    subject = f"{contrast.candidate} against {contrast.baseline}" + (f", {contrast.metric}" if contrast.metric else "")
    if row.standing is Standing.NO_INTERVAL:
        return f"{subject}: {statement(row)}."
    return f"{subject}: {statement(row)}; {sight(row)}."


def sight(row: Reread) -> str:
    """The true differences that the seeds find with 80 % power; empty without an interval."""
    if math.isnan(row.alone.estimate):
        return ""
    corrected = f", {_size(row.corrected.estimate)} corrected" if row.family > 1 else ""
    return f"80 % power begins at {_size(row.alone.estimate)}{corrected}"


def _verdict(row: Reread) -> str:
    seeds = seeds_in_words(row.contrast.seeds)
    if row.standing is Standing.UNSETTLED:
        return f"{seeds} do not settle it"
    if row.standing is Standing.ALONE:
        return f"holds by itself and not among all {row.family} (p Holm {numbers.short_p(row.p_holm)})"
    corrected = f" among all {row.family} (p Holm {numbers.short_p(row.p_holm)})" if row.family > 1 else ""
    return f"holds{corrected} with {seeds}"


def seeds_in_words(seeds: tuple[int, int]) -> str:
    """`three seeds`, or `3 and 5 seeds` where the sides have different numbers."""
    candidate, baseline = seeds
    if candidate != baseline:
        return f"{candidate} and {baseline} seeds"
    return f"{_WORDS[candidate] if candidate < len(_WORDS) else candidate} seed{'s' if candidate != 1 else ''}"


def answer(rows: Sequence[Reread]) -> list[str]:
    """Sentences: which differences hold, and what their seeds could have seen."""
    standing = {kind: [row for row in rows if row.standing is kind] for kind in Standing}
    holding, alone = standing[Standing.HOLDS], standing[Standing.ALONE]
    baselines = list(dict.fromkeys(row.contrast.baseline for row in rows))
    which = f"{_counted(len(rows), 'difference')} to {', '.join(baselines)}"
    parts = [
        f"Of {which}, {_verb(len(holding), 'holds', 'hold')} after Holm at {ALPHA:g}{_named(holding)}",
        f"{len(alone)} more only by {'tests of their' if len(alone) > 1 else 'a test of its'} own{_named(alone)}"
        if alone
        else "",
        f"{_verb(len(standing[Standing.UNSETTLED]), 'is', 'are')} not settled" if standing[Standing.UNSETTLED] else "",
        _unknown(standing[Standing.NO_INTERVAL]),
    ]
    return ["; ".join(part for part in parts if part) + ".", *_seen(rows)]


def _unknown(rows: Sequence[Reread]) -> str:
    return f"{_verb(len(rows), 'has', 'have')} no interval, since a spread over seeds is unknown" if rows else ""


def _seen(rows: Sequence[Reread]) -> list[str]:
    """What the seeds could have seen under each metric, since metrics have units of their own."""
    metrics = dict.fromkeys(row.contrast.metric for row in rows)
    middle = (median_row([row for row in rows if row.contrast.metric == metric]) for metric in metrics)
    lines = [_seen_by(row) for row in middle if row is not None]
    undecided = any(row.standing in (Standing.ALONE, Standing.UNSETTLED) for row in rows)
    return lines + ["A difference that does not hold may be real all the same."] * undecided


def _seen_by(row: Reread) -> str:
    corrected = f", of {_size(row.corrected.estimate)} corrected over the {row.family}" if row.family > 1 else ""
    return (
        f"In the row of median spread ({_name(row)}, {seeds_in_words(row.contrast.seeds)}), 80 % power begins at "
        f"a true difference of {_size(row.alone.estimate)} by a test of its own{corrected}."
    )


def _name(row: Reread) -> str:
    return row.contrast.candidate + (f" {row.contrast.metric}" if row.contrast.metric else "")


def _named(rows: Sequence[Reread]) -> str:
    """The rows in brackets, those above their baseline first."""
    sides = [("above", [r for r in rows if r.contrast.interval.mean > 0])]
    sides.append(("below", [r for r in rows if r.contrast.interval.mean <= 0]))
    named = [f"{word}: {', '.join(map(_name, side))}" for word, side in sides if side]
    return f" ({'; '.join(named)})" if named else ""


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def _verb(count: int, singular: str, plural: str) -> str:
    return f"{count} {singular if count == 1 else plural}"


def _size(value: float) -> str:
    return numbers.NOT_AVAILABLE if math.isnan(value) else f"{value:#.3g}".rstrip(".")


def records(rows: Sequence[Reread]) -> list[dict[str, str]]:
    """The table, a row each."""
    with_metric = len({row.contrast.metric for row in rows}) > 1
    return [
        {
            "method": row.contrast.candidate,
            **({"metric": row.contrast.metric} if with_metric else {}),
            "difference [95%]": numbers.rounded_interval(row.contrast.interval),
            "p": numbers.p_value(row.contrast.interval.p),
            "p Holm": numbers.p_value(row.p_holm),
            "80 % power from": _size(row.alone.estimate),
            "corrected": _size(row.corrected.estimate),
            "MDD": _size(row.alone.assured),
        }
        for row in rows
    ]


def tidy(row: Reread) -> dict[str, Any]:
    """Everything of a row, for files."""
    contrast, interval = row.contrast, row.contrast.interval
    return {
        "candidate": contrast.candidate,
        "baseline": contrast.baseline,
        "metric": contrast.metric,
        "seeds": contrast.seeds[0],
        "baseline_seeds": contrast.seeds[1],
        "paired": contrast.paired,
        **{name: asdict(interval)[name] for name in ("low", "high", "se", "df", "p", "level", "method")},
        "difference": interval.mean,
        "p_holm": row.p_holm,
        "family": row.family,
        "standing": row.standing.value,
        "power_at_difference": row.power,
        "power_80": row.alone.estimate,
        "power_80_corrected": row.corrected.estimate,
        "minimum_detectable_difference": row.alone.assured,
        "minimum_detectable_difference_corrected": row.corrected.assured,
        "mdd_low": row.alone.low,
        "mdd_high": row.alone.high,
        "sentence": sentence(row),
        "notes": list(contrast.notes),
    }
