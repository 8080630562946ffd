"""The frontier for a reader: points of every curve with intervals, and the curves beside each other at one KL."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from benchbench.comparison.frontier.matched import NOT_IN_THE_INTERVAL, MatchedRow
from benchbench.comparison.frontier.summary import PointSummary
from benchbench.comparison.stats.intervals import Interval
from benchbench.report import numbers

FRONTIER, MATCHED = "frontier", "at KL "
"""Beginnings of the titles of the two kinds of table."""
IN_WORDS = {"win_rate": "win rate", "score_gained": "score gained"}
"""Quantity -> what tables call it."""


def points_frame(points: Sequence[PointSummary]) -> pd.DataFrame:
    """One tidy row per quantity, curve and point: mean and interval of the KL and of the value."""
    return pd.DataFrame(
        [
            {"quantity": row.quantity, "curve": row.curve, "point": row.point}
            | _columns("kl", row.kl)
            | _columns("value", row.value)
            | {"note": "; ".join(dict.fromkeys(note for note in (row.kl.note, row.value.note) if note))}
            for row in points
        ]
    )


def seeds_frame(points: Sequence[PointSummary], seeds: Sequence[int]) -> pd.DataFrame:
    """One tidy row per quantity, curve, point and seed."""
    return pd.DataFrame(
        [
            {"quantity": row.quantity, "curve": row.curve, "point": row.point, "seed": seed, "kl": kl, "value": value}
            for row in points
            for seed, kl, value in zip(seeds, row.kl_of_seeds, row.values, strict=True)
        ]
    )


def matched_frame(matched: Mapping[str, Sequence[MatchedRow]]) -> pd.DataFrame:
    """One tidy row per quantity and curve at one KL, with the difference to the first curve's baseline."""
    rows = []
    for quantity, of_quantity in matched.items():
        for row in of_quantity:
            difference = row.difference
            rows.append(
                {"quantity": quantity, "curve": row.curve, "kl": row.kl, "seeds": " ".join(map(str, row.seeds))}
                | {"values": " ".join(map(repr, row.values))}
                | _columns("value", row.mean)
                | _columns("difference", difference)
                | {"p": math.nan if difference is None else difference.p, "p_holm": row.p_holm}
                | {"note": row.mean.note if difference is None else difference.note}
            )
    return pd.DataFrame(rows)


def frontier_title(opponent: str, prompts: int, left_out: int, without: Sequence[str]) -> str:
    """Title of the table of points, which says what is not in it.

    Args:
        opponent: whom values are against, in words.
        prompts: that every number is of.
        left_out: further prompts, of which a number is not known.
        without: labels without a point.
    """
    parts = [f"{FRONTIER}: every policy against its KL to the start, in nats per response; against {opponent}"]
    parts.append(f"{prompts} prompts" + (f", {left_out} left out of which something is not known" if left_out else ""))
    if without:
        parts.append(f"without a KL or verdicts, and so not here: {', '.join(without)}")
    return "; ".join(parts)


def shown_points(points: Sequence[PointSummary]) -> list[dict[str, str]]:
    """Rows for a reader: one per point, a column for each quantity."""
    places = dict.fromkeys((row.curve, row.point) for row in points)
    quantities = list(dict.fromkeys(row.quantity for row in points))
    by_place = {(row.curve, row.point, row.quantity): row for row in points}
    shown = []
    for curve, point in places:
        rows = [by_place[curve, point, quantity] for quantity in quantities]
        values = {f"{IN_WORDS[row.quantity]} [95%]": numbers.interval(row.value) for row in rows}
        shown.append({"curve": curve, "point": point, "KL [95%]": numbers.interval(rows[0].kl), **values})
    return shown


def matched_title(quantity: str, rows: Sequence[MatchedRow], opponent: str) -> str:
    """Title of the table of one quantity at one KL."""
    baseline = next(row.curve for row in rows if row.difference is None)
    method = next((row.difference.method for row in rows if row.difference is not None), "none")
    return (
        f"{MATCHED}{rows[0].kl:g} nats per response: {IN_WORDS[quantity]} against {opponent}, on the straight line "
        f"between each seed's nearest points; baseline {baseline}; {method}; {NOT_IN_THE_INTERVAL}"
    )


def shown_matched(rows: Sequence[MatchedRow]) -> list[dict[str, str]]:
    """Rows for a reader: every seed's value at the KL, mean, and difference to the baseline."""
    noted = any(row.difference is not None and row.difference.note for row in rows)
    return [
        {
            "curve": row.curve,
            "seeds " + ", ".join(map(str, row.seeds)): " ".join(numbers.number(value) for value in row.values),
            "mean [95%]": numbers.interval(row.mean),
            "difference [95%]": "baseline" if row.difference is None else _signed(row.difference),
            "p Holm": numbers.p_value(row.p_holm),
            **({"note": "" if row.difference is None else row.difference.note} if noted else {}),
        }
        for row in rows
    ]


def _signed(interval: Interval) -> str:
    return numbers.bounded(interval.mean, interval.low, interval.high, numbers.signed)


def _columns(name: str, interval: Interval | None) -> dict[str, float]:
    if interval is None:
        return dict.fromkeys((name, f"{name}_low", f"{name}_high"), math.nan)
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
