"""SimPO: length-normalised reward, a target margin, no reference model.

Meng et al. 2024, arXiv:2405.14734, eq. 6. Formula, options and defaults as in the authors' code, princeton-nlp/SimPO at
1b3e8f3, scripts/simpo_trainer.py and simpo_config.py; run against TRL 1.16.0 (CPOTrainer, loss type `simpo`) in
tests/conformance. Variant `trl` is what TRL computes with its own defaults: a margin of 5 nats per token at beta 0.1,
and a likelihood term of weight 1, which is CPO-SimPO rather than SimPO.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Over, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of, require_within
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of SimPO."""

    beta: float = 2.0
    """Reward per nat-per-token, > 0; 2 is the default of the authors' code, whose recipes take 2 to 10."""
    margin: float = 0.25
    """Target gap between mean log-probabilities, nats per token, >= 0; gamma / beta. 0.25 is the authors' default."""
    loss_type: Literal["sigmoid", "hinge"] = "sigmoid"
    """One of sigmoid, the logistic loss of the paper, and hinge, which the authors' code offers."""
    label_smoothing: float = 0.0
    """Assumed share of flipped labels, in [0, 0.5), sigmoid alone; above 0 a larger margin may cost. 0 in the paper."""
    sft_weight: float = 0.0
    """Weight of the chosen responses' negative log-likelihood per token of the step, >= 0; 0 in the paper."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "margin")
        require_one_of(self, "loss_type", "sigmoid", "hinge")
        require_within(self, "label_smoothing", "[0, 0.5)")
        if self.label_smoothing > 0 and self.loss_type == "hinge":
            raise ValueError(f"label_smoothing: expected 0 with loss_type hinge, got {self.label_smoothing}")
        require_at_least_zero(self, "sft_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * mean log-probability."""
    return hyper.beta * scores.policy.mean()


def preference_loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] loss of the reward margin beyond the target."""
    chosen, rejected = pair(reward(scores, hyper))
    beyond = chosen - rejected - hyper.beta * hyper.margin
    if hyper.loss_type == "hinge":
        return F.relu(1 - beyond)
    flipped = hyper.label_smoothing
    return -(1 - flipped) * F.logsigmoid(beyond) - flipped * F.logsigmoid(-beyond)


def loss(scores: Scores, hyper: Hyper) -> Tensor | Mapping[str, Term]:
    """[B] preference loss; with sft_weight also the chosen responses' likelihood, per token of the step."""
    preference = preference_loss(scores, hyper)
    if hyper.sft_weight == 0:
        return preference
    nll = -scores.policy.sum()[:, 0]
    return {"preference": Term(preference), "sft": Term(hyper.sft_weight * nll, Over.CHOSEN_TOKENS)}


METHOD = Method(
    name="simpo",
    paper=Paper(
        "Meng et al.",
        2024,
        arxiv="2405.14734",
        equation="6",
        title="SimPO: Simple Preference Optimization with a Reference-Free Reward",
        note="Options as in princeton-nlp/SimPO at 1b3e8f3; checked against TRL 1.16.0.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    variants={
        "default": {},
        "hinge": {"loss_type": "hinge"},
        "trl": {"beta": 0.1, "margin": 5.0, "sft_weight": 1.0},
    },
    family=Family.PAIRWISE,
    equation=(
        "-log sigmoid(beta (m_w - m_l - margin))\nm = log pi(y|x) / |y|; margin = gamma / beta in the paper's letters"
    ),
    differs={
        "princeton-nlp/SimPO at 1b3e8f3": "the same; its margin is called gamma_beta_ratio",
        "TRL 1.16.0, CPOTrainer with loss type simpo": "adds the likelihood by default, and takes gamma: variant trl",
    },
)
