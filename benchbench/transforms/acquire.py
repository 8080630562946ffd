"""The examples that an annotation budget is spent on, by one score of each.

`entropy` of a policy's responses is the first stage of active preference learning (APL), the gap of the two implicit
rewards of a pair its second: the highest are taken. The other rules are the ablations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.seeding import stream
from benchbench.core.transform import Counts, Transform, Transformed
from benchbench.data.derivation import number_of, scores_of


@dataclass(frozen=True)
class Options:
    """The budget, and what it is spent on.

    Raises:
        ValueError: no budget, or not exactly one column.
    """

    budget: int
    """Examples that are taken, >= 1; all where there are fewer."""
    column: str | None = None
    """Column with a number per example, such as `entropy` or `uncertainty`."""
    gap: str | None = None
    """Column with a number per candidate, instead of `column`: the score is |first - second|."""
    rule: Literal["highest", "lowest", "middle", "tails", "random"] = "highest"
    """Which scores are taken; `middle` and `tails` by rank, `random` is what a rule is compared with."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "budget")
        if (self.column is None) == (self.gap is None):
            raise ValueError("column: expected exactly one of column and gap")


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """The examples taken, in their order; of equal scores the earlier one ranks higher."""
    scores: dict[int, float] = {}
    for place, example in enumerate(examples):
        value = _score(example, options)
        if value == value:
            scores[place] = value
    ranked = sorted(scores, key=lambda place: -scores[place])
    count, budget = len(ranked), min(options.budget, len(ranked))
    if options.rule == "random":
        ranked = [ranked[k] for k in stream(seed, "acquire").permutation(count).tolist()]
    begin = {"lowest": count - budget, "middle": (count - budget) // 2}.get(options.rule, 0)
    takes = ranked[begin : begin + budget]
    if options.rule == "tails":
        high = (budget + 1) // 2
        takes = ranked[:high] + ranked[count - (budget - high) :]
    dropped = {"score missing": len(examples) - count, "outside the budget": count - len(takes)}
    return [examples[place] for place in sorted(takes)], Counts(dropped)


def _score(example: Example, options: Options) -> float:
    """What an example is ranked by; NaN where it is missing."""
    if options.gap is None:
        return number_of(example, options.column or "")
    pair = scores_of(example, options.gap)
    return math.nan if pair is None else abs(pair[0] - pair[1])


def _reads(options: Options) -> tuple[Column, ...]:
    if options.column is not None:
        return (Column(options.column, missing="keep"),)
    assert options.gap is not None, "one of the two is there"
    return (Column(options.gap, per="candidate", missing="keep"),)


TRANSFORM = Transform(
    name="acquire",
    options=Options,
    apply=apply,
    reads=_reads,
    random=True,
    paper=Paper(
        "Muldrew et al.",
        2024,
        arxiv="2402.08114",
        title="Active Preference Learning for Large Language Models",
        note="Both scores as in willmuldrew/active-preference-learning at 28e633a, without its stages chained.",
    ),
)
