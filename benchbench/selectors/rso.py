"""Responses accepted as draws from the reward-tilted policy, then paired (RSO).

Statistical rejection sampling: in passes over the responses that are left, each is accepted with probability
exp((r - r_max) / beta), r_max being the highest score among them. A response that was drawn twice stands twice, since
draws are weighted by their number. Accepted responses are paired as they were accepted; two identical ones make no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.ranges import require_at_least, require_at_least_zero
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.data.picking import accepted, neighbours
from benchbench.selectors._rows import PAIR_COLUMNS, Cut, Ties, draw_key, draws_of, each_group, pair, ranked


@dataclass(frozen=True)
class Options:
    """How many responses are accepted, how strictly, and what becomes of ties and cuts.

    Raises:
        ValueError: a value out of its range.
    """

    accept: int = 8
    """Responses to accept per group, >= 2; where a group has fewer, all."""
    beta: float = 0.5
    """Temperature of acceptance, >= 0, in the unit of the scores; 0 takes the best ones, a large value any."""
    ties: Ties = "drop"
    """`drop` makes no pair of responses with equal scores; `keep` makes it, in the order in which they were drawn."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""

    def __post_init__(self) -> None:
        require_at_least(self, 2, "accept")
        require_at_least_zero(self, "beta")


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """Up to accept / 2 pairs per group, by draws of the group; each accepted draw is in one pair at most."""
    key = draw_key(draws)

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        responses = ranked(group, of_group, options, every=True)
        if isinstance(responses, str):
            return responses
        places = sorted(responses.scores)
        scores = [responses.scores[place] for place in places]
        drawn = [places[k] for k in accepted(scores, options.accept, options.beta, draws_of(key, group))]
        rows = tuple(
            pair(of_group, *ordered, len(group.responses))
            for pair_of_places in neighbours(drawn)
            if (ordered := responses.ordered(*pair_of_places))
        )
        return rows or "no two accepted responses that make a pair"

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="rso",
    options=Options,
    select=select,
    makes_columns=PAIR_COLUMNS,
    random=True,
    version=2,
    paper=Paper(
        "Liu et al.", 2023, arxiv="2309.06657", title="Statistical Rejection Sampling Improves Preference Optimization"
    ),
    open_question="How the accepted responses are paired was not verified; here neighbours, as they were accepted.",
)
