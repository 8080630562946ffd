"""Iterative RPO: DPO plus the likelihood of the chosen response per token, for chains of thought.

Pang et al. 2024, arXiv:2404.19733. The preference part is on summed log-probabilities; the likelihood of the chosen
response is divided by its own length. `pooled` is TRL's route (loss types `sigmoid` and `sft`): the likelihood over all
chosen tokens of the step. The rounds are left aside: sampling, verifying the answers, pairing right with wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Over, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of iterative RPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    alpha: float = 1.0
    """Weight of the likelihood term, >= 0; 0 is DPO, 1 is the paper's."""
    reduction: Literal["mean", "pooled"] = "mean"
    """Likelihood averaged per response (`mean`, the paper's) or over the step's tokens (`pooled`, TRL's)."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha")
        require_one_of(self, "reduction", "mean", "pooled")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] DPO loss, and [B] weighted negative log-likelihood of the chosen response."""
    chosen, rejected = pair(reward(scores, hyper))
    if hyper.reduction == "mean":
        likelihood = Term(-hyper.alpha * scores.policy.mean()[:, 0])
    else:
        likelihood = Term(-hyper.alpha * scores.policy.sum()[:, 0], Over.CHOSEN_TOKENS)
    return {"preference": Term(-F.logsigmoid(chosen - rejected)), "likelihood": likelihood}


METHOD = Method(
    name="rpo_iter",
    paper=Paper(
        "Pang et al.",
        2024,
        arxiv="2404.19733",
        title="Iterative Reasoning Preference Optimization",
        note="`pooled` agrees with TRL 1.0.0 and 1.16.0, loss types sigmoid and sft, weights 1 and 1.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta h) - (alpha / |y_w|) log pi(y_w|x)\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed"
    ),
    differs={
        "TRL 1.16.0, loss_type [sigmoid, sft]": "the likelihood over the step's tokens (`pooled` here, and dpo_sft)"
    },
    collisions=(
        "RPO is also regularised (arXiv:2405.16436, the method rpo_reg) and relative preference optimisation.",
        "TRL's old option rpo_alpha was the weight of this likelihood term, not relative preference optimisation.",
        "IRPO is also in-context ranking preference optimisation, arXiv:2504.15477.",
    ),
)
