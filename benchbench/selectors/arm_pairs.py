"""Every pair of responses that two different arms of the sampler drew, with columns that say who drew which.

As XPO (arXiv:2405.21046) compares a response of the policy with one of the reference. Each column has 1 for a response
of that source and 0 for another: `from_reference` for XPO, `from_calibration` for VPO, whose calibration policy is the
reference here, and `from_previous` for SPAC, whose last policy is the one that a round draws from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.ranges import require_one_of
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.sampler import POLICY, REFERENCE
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import SCORED_COLUMNS, WIN_COLUMNS, Cut, Ties, compared_pairs, each_group, pair

DRAWN_BY = {"from_reference": REFERENCE, "from_calibration": REFERENCE, "from_previous": POLICY}
"""Column -> the arm whose responses have 1 in it."""


@dataclass(frozen=True)
class Options:
    """Which pairs, and what becomes of ties and of responses that were cut.

    Raises:
        ValueError: an unknown rule.
    """

    pairs: Literal["between_arms", "all"] = "between_arms"
    """`between_arms` makes pairs of responses of different arms alone, `all` of any two."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require_one_of(self, "pairs", "between_arms", "all")


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """The pairs of every group in order of places, each with the likelier winner first; nothing is drawn here."""

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        pairs = compared_pairs(group, of_group, options)
        if isinstance(pairs, str):
            return pairs
        sources = [response.source for response in group.responses]
        rows = [places for places in pairs if options.pairs == "all" or sources[places[0]] != sources[places[1]]]
        return tuple(_marked(pair(of_group, *places, len(sources)), sources) for places in rows) or "one arm alone"

    return each_group(groups, labels, rule)


def _marked(row: Pick, sources: Sequence[str]) -> Pick:
    """The row with the columns of `DRAWN_BY`."""
    drawn = {name: tuple(float(sources[place] == arm) for place in row.places) for name, arm in DRAWN_BY.items()}
    return Pick(row.places, {**row.columns, **drawn})


SELECTOR = Selector(
    name="arm_pairs",
    options=Options,
    select=select,
    fewest_arms=lambda options: 2 if options.pairs == "between_arms" else 1,
    makes_columns=(*WIN_COLUMNS, *DRAWN_BY),
    makes_scored_columns=SCORED_COLUMNS,
    drawn_by=DRAWN_BY,
    keeps_draws=lambda options: options.pairs == "all" and options.ties == options.cut == "keep",
    version=2,
)
