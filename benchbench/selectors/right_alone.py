"""Right responses, each alone in its row: demonstrations of a verified answer, for losses of a single response.

Rejection-sampling fine-tuning and the fine-tuning steps of self-training train on such rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.method import Candidates
from benchbench.core.ranges import require_at_least
from benchbench.core.rollout import DATA, Group, Labels, Pick, by_score
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import SCORE, each_group, several


@dataclass(frozen=True)
class Options:
    """What is right, how many of a group, and what becomes of responses that were cut.

    Raises:
        ValueError: no row.
    """

    rows: int = 1
    """Most rows of a group, >= 1: the best different responses, of equal ones those that were drawn first."""
    right_from: float = 0.5
    """Score from which on a response is right, in the unit of the scores; a verifier gives 1 and 0."""
    cut: Literal["keep", "drop"] = "drop"
    """Responses that were cut: `keep` uses them, `drop` leaves them out."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "rows")


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """Rows of one candidate each; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        count = len(group.responses)
        places: dict[tuple[int, ...], int] = {}
        for place, response in enumerate(group.responses):
            if response.source != DATA and not (options.cut == "drop" and response.is_cut):
                places.setdefault(response.scored, place)
        scored = by_score(of_group, [*places.values()], count)
        right = [place for place, score in scored if score >= options.right_from]
        return tuple(several(of_group, (k,), count) for k in right[: options.rows]) or "no right response"

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="right_alone",
    options=Options,
    select=select,
    candidates=Candidates.ONE,
    fewest=lambda options: 1,
    makes_columns=(SCORE,),
)
