"""Best against worst of so many groups and no more: those that are worth a row most.

It is for rounds that may train on a number of pairs, whatever they draw; groups beyond it are counted and left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.ranges import require_at_least
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._rows import (
    ALL_EQUAL,
    PAIR_COLUMNS,
    SCORE_GAP,
    Cut,
    Ties,
    draw_key,
    draws_of,
    each_group,
    keep_best,
    number,
    pair,
    ranked,
)


@dataclass(frozen=True)
class Options:
    """The budget, what decides, and what becomes of ties and of responses that were cut.

    Raises:
        ValueError: no pair.
    """

    pairs: int
    """Most pairs of a round, >= 1."""
    by: Literal["small_margin", "large_margin", "random"] = "random"
    """Which groups come first: the difference of the two scores, small or large, or chance."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "pairs")


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """One pair of each of the first `pairs` groups by the rule; chance is a number of each group's own draws."""
    key = draw_key(draws)

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, options)
        if isinstance(responses, str):
            return responses
        best = responses.preferable[0]
        if not (lower := responses.below(best)):
            return ALL_EQUAL
        return (pair(of_group, best, responses.lowest(lower), len(group.responses)),)

    selection = each_group(groups, labels, rule)
    if options.by == "random":
        values = [float(draws_of(key, group).random()) for group in groups]
    else:
        sign = 1.0 if options.by == "large_margin" else -1.0
        values = [sign * number(rows[0], SCORE_GAP) if rows else 0.0 for rows in selection.picks]
    return keep_best(selection, options.pairs, values, "beyond the budget")


SELECTOR = Selector(name="budgeted", options=Options, select=select, makes_columns=PAIR_COLUMNS, random=True)
