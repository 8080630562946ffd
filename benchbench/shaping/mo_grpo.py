"""Multi-objective GRPO: a weighted sum of several rewards, normalised within the group.

Li et al. 2025, arXiv:2503.21819, whose reward model has several labels; its equations were not read. The sum and the
normalisation are those of GRPO in TRL 1.16.0 (`sum_then_normalize`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchbench.core.paper import Paper
from benchbench.core.ranges import require, require_above_zero
from benchbench.core.shaping import GroupSignals, Shaping, known
from benchbench.shaping._groups import group_relative


@dataclass(frozen=True)
class Options:
    """Weights of the objectives."""

    weights: tuple[float, ...] = ()
    """One finite number for each objective, in their order; empty gives every objective 1, as TRL does."""
    eps: float = 1e-4
    """Added to the standard deviation, > 0; 1e-4 is TRL's."""

    def __post_init__(self) -> None:
        require(all(np.isfinite(self.weights)), "weights", "finite numbers", self.weights)
        require_above_zero(self, "eps")


def shape(options: Options, signals: GroupSignals) -> np.ndarray:
    """[K] weighted sum less the group's mean, over the unbiased standard deviation; 0 for one response alone.

    Raises:
        ValueError: another number of weights than of objectives.
    """
    objectives = known(signals.objectives, "objectives")
    weights = np.array(options.weights or (1.0,) * objectives.shape[1])
    if len(weights) != objectives.shape[1]:
        raise ValueError(f"weights: expected {objectives.shape[1]}, one for each objective, got {len(weights)}")
    return group_relative(objectives @ weights, options.eps)


SHAPING = Shaping(
    name="mo_grpo",
    paper=Paper(
        "Li et al.",
        2025,
        arxiv="2503.21819",
        title="Optimizing Safe and Aligned Language Generation: A Multi-Objective GRPO Approach",
        note="Values agree with TRL 1.16.0, sum_then_normalize; the paper's equations were not read.",
    ),
    options=Options,
    shape=shape,
    gives="advantages",
    needs=frozenset({"objectives"}),
    objectives=lambda options: len(options.weights) or None,
    equation="A_i = (R_i - mean R) / (std R + eps), R_i = sum_k w_k r_ik",
    differs={"TRL 1.16.0, multi_objective_aggregation sum_then_normalize": "the same"},
    open_question="The paper's equations and weights were not read; the form is that of GRPO in TRL.",
)
