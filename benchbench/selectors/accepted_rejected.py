"""The best responses of a group as accepted ones and the worst as rejected ones, each a row by itself with its label.

For losses over single responses with labels: PMPO (arXiv:2410.04166) is said to accept two of four draws and to reject
the other two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require, require_at_least_zero
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import ALL_EQUAL, SCORE, Cut, Untied, each_group, ranked, several


@dataclass(frozen=True)
class Options:
    """How many of each, and what becomes of responses that were cut.

    Raises:
        ValueError: a number below 0, or no response of either kind.
    """

    accepted: int = 2
    """Most responses of a group that are labelled true, >= 0: the best ones."""
    rejected: int = 2
    """Most responses of a group that are labelled false, >= 0: the worst ones."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never accepts them."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "accepted", "rejected")
        require(self.accepted + self.rejected > 0, "accepted, rejected", "1 or more together", 0)


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """A row per response, the accepted ones first; none is both, and none is as good as one of the other kind."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, Untied(options.cut))
        if isinstance(responses, str):
            return responses
        scores = responses.scores
        best = responses.preferable[: options.accepted]
        worst = sorted(scores, key=lambda place: (scores[place], place))[: options.rejected]
        highest_worst = max((scores[place] for place in worst), default=-math.inf)
        lowest_best = min((scores[place] for place in best), default=math.inf)
        rows = [(place, 1.0) for place in best if scores[place] > highest_worst]
        rows += [(place, 0.0) for place in worst if scores[place] < lowest_best]
        count = len(group.responses)
        return tuple(_labelled(several(of_group, (place,), count), label) for place, label in rows) or ALL_EQUAL

    return each_group(groups, labels, rule)


def _labelled(row: Pick, label: float) -> Pick:
    return Pick(row.places, {**row.columns, Column.LABEL.name: label})


SELECTOR = Selector(
    name="accepted_rejected",
    options=Options,
    select=select,
    candidates=Candidates.LABELLED,
    fewest=lambda options: 1,
    makes_columns=(Column.LABEL.name, SCORE),
    paper=Paper(
        "Abdolmaleki et al.", 2024, arxiv="2410.04166", title="Preference Optimization as Probabilistic Inference"
    ),
    open_question="Two and two of four draws are a third party's account; ties at the border are this bench's rule.",
    version=2,
)
