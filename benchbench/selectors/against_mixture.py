"""The policy's responses as one row, each with how often it wins over those of an opponent, as in Nash-MD.

Munos et al. 2023, arXiv:2312.00886: the opponent is a mixture of policy and reference (sampler `nash_mixture`), whose
responses are compared with and never trained on. The column `win_against_mixture` is the mean over them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.method import Candidates
from benchbench.core.ranges import require
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import each_group, mean_wins, several

COLUMN = "win_against_mixture"


@dataclass(frozen=True)
class Options:
    """Who the opponent is, and what becomes of responses that were cut.

    Raises:
        ValueError: no name.
    """

    opponent: str = "mixture"
    """Arm of the sampler whose responses the others are compared with; `mixture` is that of `nash_mixture`."""
    cut: Literal["keep", "drop"] = "keep"
    """Responses that were cut: `keep` uses them, `drop` leaves them out of the row; opponents stay."""

    def __post_init__(self) -> None:
        require(bool(self.opponent), "opponent", "the name of an arm", self.opponent)


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One row per group, in the order of draws; a response that was not compared with every opponent is left out."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        rates = mean_wins(group, of_group, options.opponent, drop_cut=options.cut == "drop")
        if not rates:
            return "no response that was compared with the opponent's"
        row = several(of_group, [*rates], len(group.responses))
        return (Pick(row.places, {**row.columns, COLUMN: tuple(rates.values())}),)

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="against_mixture",
    options=Options,
    select=select,
    candidates=Candidates.ANY,
    fewest=lambda options: 1,
    fewest_arms=lambda options: 2,
    opponent=lambda options: options.opponent,
    makes_columns=(COLUMN,),
    keeps_draws=lambda options: options.cut == "keep",
)
