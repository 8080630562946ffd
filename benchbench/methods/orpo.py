"""ORPO: likelihood of the chosen response plus an odds-ratio penalty, no reference model.

Hong et al. 2024, arXiv:2403.07691, eqs. 4, 6 and 7, with the likelihood of a response taken as exp of its mean
log-probability. The likelihood term runs over **response tokens only**, pooled over the step; TRL at f2cd577 and 1.16.0
(trl/experimental/orpo/orpo_trainer.py) adds the prompt tokens to it, and the authors' code (xfactlab/orpo) leaves
them out on request. The odds-ratio term is TRL's; with prompts of one token both losses agree (tests/conformance).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Over, Paper, Term
from benchbench.core.ranges import require_at_least_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of ORPO."""

    beta: float = 0.1
    """Weight of the odds-ratio term, >= 0; lambda in the paper, `beta` in TRL. 0.1 is TRL's and Mistral-ORPO-beta's."""

    def __post_init__(self) -> None:
        require_at_least_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] log-odds of the length-normalised likelihood.

    A mean log-probability of zero within machine precision has infinite odds; it is held one rounding step below, where
    its own gradient is zero.
    """
    import torch

    mean = scores.policy.mean()
    mean = mean.clamp(max=-torch.finfo(mean.dtype).eps)
    return mean - (-mean.expm1()).log()


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] likelihood of the chosen response per token of the step, and [B] beta * odds-ratio loss."""
    chosen, rejected = pair(reward(scores, hyper))
    return {
        "nll": Term(-scores.policy.sum()[:, 0], Over.CHOSEN_TOKENS),
        "odds_ratio": Term(-hyper.beta * F.logsigmoid(chosen - rejected)),
    }


METHOD = Method(
    name="orpo",
    paper=Paper(
        "Hong et al.",
        2024,
        arxiv="2403.07691",
        equation="6",
        title="ORPO: Monolithic Preference Optimization without Reference Model",
        note="Response-token likelihood; checked against TRL 1.16.0 with prompts of one token, where it agrees.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    family=Family.PAIRWISE,
    equation=(
        "-log pi(y_w|x) / N - beta log sigmoid(o_w - o_l),  o = m - log(1 - e^m)\n"
        "m = mean log pi(y|x) per token; N the chosen tokens of the step"
    ),
    differs={
        "TRL 1.16.0, ORPOTrainer": "its likelihood term has prompt tokens too; the odds-ratio term is the same",
        "xfactlab/orpo": "prompt tokens are left out of the likelihood term on request",
    },
)
