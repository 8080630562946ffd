"""Pairs of the policy's responses, each with how often it wins over further ones of the policy, as EGPO reads them.

Zhou et al. 2025, arXiv:2503.08942: the pair may be of any sampler, and its opponents are plain samples of the policy,
which are compared with and never trained on: an arm of their own, such as that of `nash_mixture` with `m: 0`. The
column `win_against_policy` is the mean over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.ranges import require
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import each_group, mean_wins, several

COLUMN = "win_against_policy"


@dataclass(frozen=True)
class Options:
    """Who the opponent is, and what becomes of responses that were cut.

    Raises:
        ValueError: no name.
    """

    opponent: str = "mixture"
    """Arm of the sampler whose responses the others are compared with; `mixture` is that of `nash_mixture`."""
    cut: Literal["keep", "drop"] = "keep"
    """Responses that were cut: `keep` uses them, `drop` makes no pair of them; opponents stay."""

    def __post_init__(self) -> None:
        require(bool(self.opponent), "opponent", "the name of an arm", self.opponent)


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """The first and the second response, the third and the fourth, and so on.

    In each the one that ended by itself stands first, or else the one that wins more: the loss reads no order.
    """

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        rates = mean_wins(group, of_group, options.opponent, drop_cut=options.cut == "drop")
        places = [*rates]
        worth = {place: (group.responses[place].is_cut, -rates[place]) for place in places}
        pairs = [sorted(places[i : i + 2], key=worth.__getitem__) for i in range(0, len(places) - 1, 2)]
        if not pairs:
            return "fewer than two responses that were compared with the opponent's"
        rows = [several(of_group, pair, len(group.responses)) for pair in pairs]
        return tuple(
            Pick(row.places, {**row.columns, COLUMN: tuple(rates[place] for place in pair)})
            for row, pair in zip(rows, pairs, strict=True)
        )

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="rated_pairs",
    options=Options,
    select=select,
    fewest_arms=lambda options: 2,
    opponent=lambda options: options.opponent,
    makes_columns=(COLUMN,),
    keeps_draws=lambda options: options.cut == "keep",
)
