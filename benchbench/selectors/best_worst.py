"""The best and the worst response of every group as a pair, as iterative DPO makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.ranges import require_at_least_zero
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import ALL_EQUAL, PAIR_COLUMNS, Cut, Ties, each_group, pair, ranked


@dataclass(frozen=True)
class Options:
    """How far the two must lie apart, and what becomes of ties and of responses that were cut.

    Raises:
        ValueError: a gap below 0.
    """

    min_gap: float = 0.0
    """Smallest difference of the two scores, >= 0, in their unit."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "min_gap")


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One pair per group; of equal scores the first drawn; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, options)
        if isinstance(responses, str):
            return responses
        best = responses.preferable[0]
        if not (lower := responses.below(best)):
            return ALL_EQUAL
        worst = responses.lowest(lower)
        if responses.scores[best] - responses.scores[worst] < options.min_gap:
            return "scores closer than min_gap"
        return (pair(of_group, best, worst, len(group.responses)),)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="best_worst",
    options=Options,
    select=select,
    makes_columns=PAIR_COLUMNS,
    paper=Paper("Dong et al.", 2024, arxiv="2405.07863", title="RLHF Workflow: From Reward Modeling to Online RLHF"),
)
