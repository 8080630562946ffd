"""Best against worst, with how far two models rank the group's responses alike, as CREAM trusts a pair.

The column `consistency` of a row is (tau + 1) / 2, tau the Kendall correlation of the scores and of a second ranking of
the same responses that the oracle's labels have as a column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.data.rank_agreement import consistency
from benchbench.selectors._rows import ALL_EQUAL, PAIR_COLUMNS, Cut, Ties, each_group, pair, ranked

CONSISTENCY = "consistency"


@dataclass(frozen=True)
class Options:
    """The second ranking, and what becomes of ties and of responses that were cut."""

    other: str = "reward_before"
    """Column of the labels with the other model's number of each response."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One pair per group, whose consistency is over the different usable responses; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, options)
        if isinstance(responses, str):
            return responses
        if options.other not in of_group.columns:
            return f"no column '{options.other}'"
        best = responses.preferable[0]
        if not (lower := responses.below(best)):
            return ALL_EQUAL
        places = sorted(responses.scores)
        other = of_group.columns[options.other]
        alike = consistency([responses.scores[place] for place in places], [other[place] for place in places])
        row = pair(of_group, best, responses.lowest(lower), len(group.responses))
        return (Pick(row.places, {**row.columns, CONSISTENCY: alike}),)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="consistent",
    options=Options,
    select=select,
    reads_columns=lambda options: (options.other,),
    makes_columns=(*PAIR_COLUMNS, CONSISTENCY),
    paper=Paper(
        "Wang et al.",
        2024,
        arxiv="2410.12735",
        title="CREAM: Consistency Regularized Self-Rewarding Language Models",
    ),
)
