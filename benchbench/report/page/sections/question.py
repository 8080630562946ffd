"""The question of a comparison, and its answer, in one sentence each."""

from __future__ import annotations

import math
from collections.abc import Sequence

from benchbench.comparison.pairs.table import Comparison
from benchbench.report import numbers
from benchbench.report.page.blocks import Block, PageSection, Paragraph
from benchbench.report.page.stored_rows import headline_rows
from benchbench.store.comparison_folders import StoredComparison

LEVEL = 0.05
"""Below this corrected p-value a difference is said to be there."""


def _blocks(comparison: StoredComparison) -> Sequence[Block]:
    rows = headline_rows(comparison)
    return [Paragraph(question(rows, str(comparison.about["setting"]))), Paragraph(answer(rows))]


def question(rows: Sequence[Comparison], setting: str) -> str:
    """What was asked: which rows, against what, in which metric and setting, over how many seeds and pairs."""
    first = rows[0]
    others = [row.candidate for row in rows if row.candidate != row.baseline]
    k = len(first.seeds)
    over = f"over {k} seed{'s' if k > 1 else ''} and {first.n} held-out pairs"
    what = f"{first.metric} under {first.scoring}"
    if not others:
        return f"Question: what {what} has {first.candidate} in the setting {setting}, {over}?"
    verb = "Does" if len(others) == 1 else "Do"
    return (
        f"Question: {verb} {_listed(others)} differ from {first.baseline} in {what}, in the setting {setting}, {over}?"
    )


def answer(rows: Sequence[Comparison]) -> str:
    """What the numbers say, with every difference that holds, and what they do not settle."""
    others = [row for row in rows if row.candidate != row.baseline]
    if not others:
        return (
            f"Answer: {numbers.quantity(rows[0].mean, rows[0].unit)} {rows[0].unit}, with nothing to compare it with."
        )
    if all(math.isnan(row.p_holm) for row in others):
        why = "one seed says nothing of a method" if len(rows[0].seeds) == 1 else "no difference could be tested"
        return f"Answer: not settled, since {why}; the differences are {_differences(others)}."
    holding = [row for row in others if row.p_holm < LEVEL]
    open_rows = [row for row in others if not row.p_holm < LEVEL]
    parts = [
        f"{_differences(side)} {'is' if len(side) == 1 else 'are'} {way} than {side[0].baseline}"
        for way, side in (("higher", _signed(holding, 1)), ("lower", _signed(holding, -1)))
        if side
    ]
    if open_rows:
        parts.append(f"for {_differences(open_rows)} the difference is not settled")
    corrected = f"p corrected over {len(others)} rows by Holm, at {LEVEL:g}" if len(others) > 1 else f"at p < {LEVEL:g}"
    return f"Answer: {'; '.join(parts)} ({corrected}){_direction(rows[0])}."


def _signed(rows: Sequence[Comparison], sign: int) -> list[Comparison]:
    return [row for row in rows if row.difference * sign > 0]


def _differences(rows: Sequence[Comparison]) -> str:
    return _listed([_difference(row) for row in rows])


def _difference(row: Comparison) -> str:
    signed = numbers.bounded(row.difference, row.low, row.high, lambda x: numbers.quantity(x, row.unit, sign="+"))
    p = "" if math.isnan(row.p_holm) else f", p {numbers.short_p(row.p_holm)}"
    return f"{row.candidate} ({signed}{p})"


def _direction(row: Comparison) -> str:
    ways = {"higher": "; higher is better", "lower": "; lower is better"}
    return ways.get(row.direction, "; neither direction is better")


def _listed(texts: Sequence[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


SECTION = PageSection("question", 10, "Question and answer", _blocks)
