"""Constrained RLHF: one reward is raised while the others are held at thresholds, by multipliers that follow the draws.

Moskovitz et al. 2023, arXiv:2310.04373, has a Lagrange multiplier for each further reward model; its equations were not
read. Here is the usual Lagrangian: with m_i at least 0, each draw moves it by `rate` times how far the mean of the draw
is on the wrong side of its threshold. Any method that reads rewards may follow; the paper's is PPO.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchbench.core.paper import Paper
from benchbench.core.ranges import require, require_above_zero, require_at_least_zero, require_one_of
from benchbench.core.shaping import GroupSignals, Shaping, known


@dataclass(frozen=True)
class Options:
    """Thresholds, and how the multipliers move."""

    thresholds: tuple[float, ...] = (0.0,)
    """Of each reward behind the first, in their order, in the unit of that reward; one or more, finite."""
    side: Literal["least", "most"] = "least"
    """Whether a reward is to be at least, or at most, its threshold on average."""
    rate: float = 0.1
    """Change of a multiplier at each draw per unit of reward on the wrong side, > 0; the paper's is not known."""
    start: float = 0.0
    """Multipliers before the first draw, at least 0; the paper's is not known."""

    def __post_init__(self) -> None:
        are_finite = bool(self.thresholds) and all(np.isfinite(self.thresholds))
        require(are_finite, "thresholds", "one finite number or more", self.thresholds)
        require_one_of(self, "side", "least", "most")
        require_above_zero(self, "rate")
        require_at_least_zero(self, "start")


def slack(options: Options, signals: GroupSignals) -> np.ndarray:
    """[K, C] how far each response is on the right side of each threshold; below 0 on the wrong one."""
    beyond = known(signals.objectives, "objectives")[:, 1:] - np.array(options.thresholds)
    return beyond if options.side == "least" else -beyond


def shape(options: Options, signals: GroupSignals) -> np.ndarray:
    """[K] the first reward, and by their multipliers how far the others are on the right side."""
    return known(signals.objectives, "objectives")[:, 0] + slack(options, signals) @ known(signals.carried, "carried")


def advance(options: Options, carried: np.ndarray, groups: Sequence[GroupSignals]) -> np.ndarray:
    """[C] multipliers after a draw: more where the mean response was on the wrong side, less on the right one."""
    mean = np.concatenate([slack(options, group) for group in groups]).mean(axis=0)
    return np.maximum(0.0, carried - options.rate * mean)


SHAPING = Shaping(
    name="constrained_ppo",
    paper=Paper(
        "Moskovitz et al.",
        2023,
        arxiv="2310.04373",
        title="Confronting Reward Model Overoptimization with Constrained RLHF",
        note="The usual Lagrangian of several rewards; the paper's equations were not read.",
    ),
    options=Options,
    shape=shape,
    gives="rewards",
    needs=frozenset({"objectives", "carried"}),
    objectives=lambda options: 1 + len(options.thresholds),
    start=lambda options: (options.start,) * len(options.thresholds),
    advance=advance,
    equation=(
        "r = r_0 + sum_i m_i s_i,  s_i = r_i - threshold_i, or its negative\n"
        "m_i <- max(0, m_i - rate mean s_i) after each draw"
    ),
    open_question=(
        "The paper's equations were not read: which side its thresholds bound, how its multipliers are kept in range, "
        "and whether its critic has a value for each reward."
    ),
)
