"""The pair of every group with the smallest or the largest margin among those that the oracle tells apart.

A small margin of the policy's implicit rewards marks the pair that is worth an annotator's answer most; a large one the
pair that a policy or an oracle is surest of, by the oracle's own scores the best against the worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.data.picking import margin_pair
from benchbench.selectors._rows import ALL_EQUAL, PAIR_COLUMNS, SCORE, Cut, Ties, each_group, pair, ranked


@dataclass(frozen=True)
class Options:
    """Which margin, of what, and what becomes of ties and of responses that were cut."""

    select: Literal["small", "large"] = "small"
    """The pair with the smallest or with the largest margin."""
    margin: str = SCORE
    """Number of each response whose difference is the margin: `score`, or a column that the oracle makes."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One pair per group; of equal margins the first in order of places; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, options)
        if isinstance(responses, str):
            return responses
        if not (pairs := responses.pairs()):
            return ALL_EQUAL
        if options.margin != SCORE and options.margin not in of_group.columns:
            return f"no column '{options.margin}'"
        margins = responses.scores if options.margin == SCORE else dict(enumerate(of_group.columns[options.margin]))
        return (pair(of_group, *margin_pair(pairs, margins.__getitem__, options.select), len(group.responses)),)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="margin",
    options=Options,
    select=select,
    reads_columns=lambda options: () if options.margin == SCORE else (options.margin,),
    makes_columns=PAIR_COLUMNS,
    paper=Paper(
        "Yang et al.",
        2024,
        arxiv="2406.17312",
        title=(
            "Not All Preference Pairs Are Created Equal: A Recipe for Annotation-Efficient Iterative Preference "
            "Learning"
        ),
    ),
    open_question=(
        "The paper's margin is the policy's implicit reward before anyone labels, as oracle `margin_annotator` has "
        "it; by `score`, the labels' own scores, it is the rule and not the paper. That SeRA takes large margins of "
        "labelled pairs was not read in its paper."
    ),
)
