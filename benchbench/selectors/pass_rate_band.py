"""Best against worst of the groups that are neither too easy nor too hard: some responses are right, and not too many.

What is right is a score of at least `right_from`, such as a verifier's 1. It is no paper's; the sweet spot of
arXiv:2502.16825 is a place among the scores of a group, the selector `mu_two_sigma`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.ranges import require, require_within
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import ALL_EQUAL, PAIR_COLUMNS, TOO_FEW_SCORES, Cut, Ties, each_group, pair, ranked


@dataclass(frozen=True)
class Options:
    """The band, and what becomes of ties and of responses that were cut.

    Raises:
        ValueError: a value out of its range.
    """

    low: float = 0.2
    """Smallest share of right responses, in [0, 1]."""
    high: float = 0.8
    """Largest share of right responses, in [0, 1], not below `low`."""
    right_from: float = 0.5
    """Score from which on a response is right, in the unit of the scores."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require_within(self, "low", "[0, 1]", what="share")
        require_within(self, "high", "[0, 1]", what="share")
        require(self.low <= self.high, "high", f"a share of at least low ({self.low:g})", self.high)


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One pair per group; the share counts every response with a score, equal ones as often as they were drawn."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        count = len(group.responses)
        known = [score for place in range(count) if (score := of_group.score(place, count)) is not None]
        if not known:
            return TOO_FEW_SCORES
        share = sum(score >= options.right_from for score in known) / len(known)
        if not options.low <= share <= options.high:
            return "share of right responses outside the band"
        responses = ranked(group, of_group, options)
        if isinstance(responses, str):
            return responses
        best = responses.preferable[0]
        if not (lower := responses.below(best)):
            return ALL_EQUAL
        return (pair(of_group, best, responses.lowest(lower), len(group.responses)),)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="pass_rate_band",
    options=Options,
    select=select,
    makes_columns=PAIR_COLUMNS,
)
