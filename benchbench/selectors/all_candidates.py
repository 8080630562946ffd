"""All responses of every group as one row, for losses over K candidates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.method import Candidates
from benchbench.core.ranges import require_at_least
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import SCORE, each_group, several


@dataclass(frozen=True)
class Options:
    """Which responses, and how many there must be.

    Raises:
        ValueError: a value out of its range.
    """

    at_least: int = 2
    """Responses with a score that a group must have, >= 1."""
    identical: Literal["keep", "drop"] = "keep"
    """`keep`: a response that was drawn twice stands twice, as draws are weighted; `drop`: identical ones once."""
    cut: Literal["keep", "drop"] = "keep"
    """Responses that were cut: `keep` uses them, `drop` leaves them out."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "at_least")


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One row per group, its responses in the order in which they were drawn; those without a score are left out."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        count = len(group.responses)
        seen: set[tuple[int, ...]] = set()
        places: list[int] = []
        for place, response in enumerate(group.responses):
            repeated = options.identical == "drop" and response.scored in seen
            left_out = options.cut == "drop" and response.is_cut
            if not repeated and not left_out and of_group.score(place, count) is not None:
                places.append(place)
                seen.add(response.scored)
        if len(places) < options.at_least:
            return "fewer responses than at_least"
        return (several(of_group, places, count),)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="all_candidates",
    options=Options,
    select=select,
    candidates=Candidates.ANY,
    fewest=lambda options: options.at_least,
    makes_columns=(SCORE,),
    keeps_draws=lambda options: options.identical == options.cut == "keep",
)
