"""The best response against the one closest to mean minus two standard deviations of the group's scores.

With many draws the very lowest score is often a broken text; a response some way below the mean teaches more.
Of fewer than six, none lies further than two deviations below their mean, so that the worst is taken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.ranges import require
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.data.picking import deviation_anchor
from benchbench.selectors._rows import ALL_EQUAL, PAIR_COLUMNS, Cut, Ties, each_group, pair, ranked


@dataclass(frozen=True)
class Options:
    """Where the rejected response lies, and what becomes of ties and of responses that were cut.

    Raises:
        ValueError: deviations that are no finite number.
    """

    deviations: float = -2.0
    """The rejected score lies closest to mean + deviations x standard deviation of all responses' scores, equal ones as
    often as they were drawn."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require(math.isfinite(self.deviations), "deviations", "a finite number", self.deviations)


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One pair per group; of equally close responses the first drawn; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, options, every=True)
        if isinstance(responses, str):
            return responses
        best = responses.preferable[0]
        if not (lower := responses.below(best)):
            return ALL_EQUAL
        anchor = deviation_anchor([*responses.scores.values()], options.deviations)
        closest = min(lower, key=lambda place: (abs(responses.scores[place] - anchor), place))
        return (pair(of_group, best, closest, len(group.responses)),)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="mu_two_sigma",
    options=Options,
    select=select,
    makes_columns=PAIR_COLUMNS,
    version=2,
    paper=Paper(
        "Xiao et al.",
        2025,
        arxiv="2502.16825",
        title="Finding the Sweet Spot: Preference Data Construction for Scaling Preference Optimization",
    ),
    open_question="Whether the standard deviation divides by n or n - 1 was not verified; here by n.",
)
