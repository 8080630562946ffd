"""As `prompted_pairs`, each pair weighed by how likely an oracle finds the better-prompted response preferred (SSO)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.method import Paper
from benchbench.core.rollout import Group, Labels, Pick
from benchbench.core.selector import Selection, Selector
from benchbench.selectors._prompted import BETTER, WORSE, pairs_of_arms
from benchbench.selectors._rows import Cut, each_group

WEIGHT = "weight"


@dataclass(frozen=True)
class Options:
    """Whose responses are which, and what becomes of those that were cut."""

    better: str = BETTER
    """The sampler's arm whose responses are preferred."""
    worse: str = WORSE
    """The arm whose responses are rejected."""
    cut: Cut = "reject_only"
    """Responses that were cut: `keep` uses them, `drop` leaves them out, `reject_only` never prefers them."""


def select(
    options: Options, groups: Sequence[Group], labels: Sequence[Labels | None], draws: np.random.Generator
) -> Selection:
    """Pairs in the order of the instructions with twice the probability of that order as `weight`, in [0, 2].

    An oracle that finds both equal gives a weight of 1, which is an unweighted pair; a pair that it cannot compare is
    left out.
    """

    def rule(group: Group, of_group: Labels) -> tuple[Pick, ...] | str:
        pairs = pairs_of_arms(group, options)
        if isinstance(pairs, str):
            return pairs
        wins = [(places, of_group.win(*places)) for places in pairs]
        return tuple(Pick(places, {WEIGHT: 2 * win}) for places, win in wins if win is not None) or "no comparison"

    return each_group(groups, labels, rule)


SELECTOR = Selector(
    name="steered_pairs",
    options=Options,
    select=select,
    fewest_arms=lambda _options: 2,
    makes_columns=(WEIGHT,),
    paper=Paper(
        "Xiang et al.",
        2024,
        arxiv="2410.17131",
        title="Aligning Large Language Models via Self-Steering Optimization",
        note="From a summary.",
    ),
    open_question="The paper's weight of a pair was not read; twice the probability of its order is ours.",
)
