"""The pair of every group with the largest margin among those that the oracle tells apart.

It is the pair that a policy or an oracle is surest of; with the oracle's own scores it is the best against the worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import PAIR_COLUMNS, Cut, Ties, each_group, margin_rows


@dataclass(frozen=True)
class Options:
    """What the margin is, and what becomes of ties and of responses that were cut."""

    margin: str = "score"
    """Number of each response whose difference is the margin: `score`, or a column that the oracle gives."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One pair per group; of equal margins the first in order of places; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        return margin_rows(group, of_group, options, options.margin, "large")

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="large_margin",
    options=Options,
    select=select,
    makes_columns=PAIR_COLUMNS,
    open_question="That SeRA takes large margins of labelled pairs was not read in its paper; this is the plain rule.",
)
