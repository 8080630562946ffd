"""SimPER: raise the chosen response's inverse perplexity and lower the rejected one's; no reference, nothing to tune.

Xiao et al. 2025, arXiv:2502.00883; code tengxiao1/SimPER at db08c97, scripts/simper_trainer.py. The inverse perplexity
is exp of the mean log-probability, so the loss lies in (-1, 1) and is negative where the pair is ranked correctly. The
gradient vanishes for responses that are unlikely per token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Family, Method, Paper
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """SimPER has none."""


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] inverse perplexity, in (0, 1]."""
    return scores.policy.mean().exp()


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] inverse perplexity of the rejected response less that of the chosen one."""
    chosen, rejected = pair(reward(scores, hyper))
    return rejected - chosen


METHOD = Method(
    name="simper",
    paper=Paper(
        "Xiao et al.",
        2025,
        arxiv="2502.00883",
        title="SimPER: A Minimalist Approach to Preference Alignment without Hyperparameters",
        note="Form of tengxiao1/SimPER at db08c97; checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    family=Family.PAIRWISE,
    equation="loss = exp(log pi(y_l) / |y_l|) - exp(log pi(y_w) / |y_w|)",
    differs={"tengxiao1/SimPER at db08c97": "the same"},
)
