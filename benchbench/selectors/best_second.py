"""The two best responses of every group as a pair.

It is the hardest pair that still has a clear winner, mode `max_max` of the scripts released with RLHF Workflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import ALL_EQUAL, PAIR_COLUMNS, Cut, Ties, each_group, pair, ranked


@dataclass(frozen=True)
class Options:
    """What becomes of ties and of responses that were cut."""

    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One pair per group: the best response and the best of those below it; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, options)
        if isinstance(responses, str):
            return responses
        best = responses.preferable[0]
        if not (lower := responses.below(best)):
            return ALL_EQUAL
        return (pair(of_group, best, lower[0], len(group.responses)),)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="best_second",
    options=Options,
    select=select,
    makes_columns=PAIR_COLUMNS,
    paper=Paper("Dong et al.", 2024, arxiv="2405.07863", title="RLHF Workflow: From Reward Modeling to Online RLHF"),
)
