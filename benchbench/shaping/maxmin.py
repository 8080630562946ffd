"""MaxMin-RLHF: the reward of the group that is served worst, which is looked at anew after every draw.

Chakraborty et al. 2024, arXiv:2402.08925: the policy maximises the least of the groups' expected rewards; each round
takes the group whose mean reward is the lowest and steps on its reward alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.paper import Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.shaping import GroupSignals, Shaping, known


@dataclass(frozen=True)
class Options:
    """How many groups there are."""

    groups: int = 2
    """Groups, each with one of the oracle's rewards, in their order; >= 1, and 1 is that reward."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "groups")


def shape(options: Options, signals: GroupSignals) -> np.ndarray:
    """[K] the reward of the group with the lowest mean in the draw before; of equal ones, as at first, the first."""
    lowest = int(np.argmin(known(signals.carried, "carried")))
    return known(signals.objectives, "objectives")[:, lowest]


def advance(options: Options, carried: np.ndarray, groups: Sequence[GroupSignals]) -> np.ndarray:
    """[C] mean of each reward over all responses of a draw."""
    return np.concatenate([known(group.objectives, "objectives") for group in groups]).mean(axis=0)


SHAPING = Shaping(
    name="maxmin",
    paper=Paper(
        "Chakraborty et al.",
        2024,
        arxiv="2402.08925",
        title="MaxMin-RLHF: Alignment with Diverse Human Preferences",
        note="From its abstract and from memory.",
    ),
    options=Options,
    shape=shape,
    gives="rewards",
    needs=frozenset({"objectives", "carried"}),
    objectives=lambda options: options.groups,
    start=lambda options: (0.0,) * options.groups,
    advance=advance,
    equation="r = r_u,  u = argmin_u mean r_u of the draw before",
    open_question="No repository was found; that a step takes the group served worst in the last draw is from memory.",
)
