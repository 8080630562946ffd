"""QRPO: regression of each candidate's log-ratio to its quantile reward, with the partition function known.

Matrenok et al. 2025, arXiv:2507.08068. With rho the summed log-ratio to the reference and q the share of reference
completions of the prompt whose reward is at most the candidate's, a column of the data,

    loss = mean_i (q_i - beta log Z - beta rho_i)^2,  Z = beta (e^{1/beta} - 1)

Quantile rewards of reference completions are uniform, so Z is exact. Checked against
CLAIRE-Labo/quantile-reward-policy-optimization at 0d80ee5, src/qrpo/trainers/qrpo.py, which drops the -1 in Z: 5e-6
of beta log Z at beta 0.1, and 0.46 at beta 1. This is the identity transform of q with the squared error.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core.method import Candidates, Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of QRPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is ours, the released code fixes none."""
    log_z: Literal["exact", "released"] = "exact"
    """Logarithm of the partition function: `exact`, or as `released`, without the -1 in Z."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_one_of(self, "log_z", "exact", "released")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def log_partition(hyper: Hyper) -> float:
    """Log Z in nats, stable for a small beta."""
    released = math.log(hyper.beta) + 1 / hyper.beta
    return released if hyper.log_z == "released" else released + math.log1p(-math.exp(-1 / hyper.beta))


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared errors, averaged over the candidates of a list."""
    score = reward(scores, hyper)
    quantile = scores.column("quantile").to(score)
    return (quantile - hyper.beta * log_partition(hyper) - score).square().mean(dim=-1)


METHOD = Method(
    name="qrpo",
    paper=Paper(
        "Matrenok et al.",
        2025,
        arxiv="2507.08068",
        title="Quantile Reward Policy Optimization: Alignment with Pointwise Regression and Exact Partition Functions",
        note="Checked against CLAIRE-Labo/quantile-reward-policy-optimization at 0d80ee5.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("quantile", low=0.0, high=1.0, per="candidate"),),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="Every candidate has a target, beyond which a larger likelihood costs again.",
    variants={"default": {}, "released": {"log_z": "released"}},
    family=Family.POINTWISE,
    equation="loss = mean_i (q_i - beta log Z - beta rho_i)^2,  Z = beta (e^{1/beta} - 1)",
    differs={
        "CLAIRE-Labo/quantile-reward-policy-optimization 0d80ee5": "drops the -1 in Z (variant released); also has "
        "absolute errors, log and normal transforms of q, and one response of the pair alone"
    },
)
