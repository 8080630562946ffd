"""Every pair of different responses that the oracle tells apart; K of them make up to K (K - 1) / 2 rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import SCORED_COLUMNS, WIN_COLUMNS, Cut, Ties, compared_pairs, each_group, pair


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
    """The pairs of every group in order of places, each with the likelier winner first; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        if isinstance(pairs := compared_pairs(group, of_group, options), str):
            return pairs
        return tuple(pair(of_group, *places, len(group.responses)) for places in pairs)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="all_pairs",
    options=Options,
    select=select,
    makes_columns=WIN_COLUMNS,
    makes_scored_columns=SCORED_COLUMNS,
    version=2,
    keeps_draws=lambda options: options.ties == options.cut == "keep",
)
