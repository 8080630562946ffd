"""CPO-SimPO: SimPO's length-normalised margin plus CPO's likelihood of the chosen response.

Xu et al. 2024, as published with code but no paper of its own (fe1ixxu/CPO_SIMPO at 0a000c0, scripts/cpo_trainer.py;
defaults of training_configs/llama-3-8b-instruct-cpo-simpo.yaml at 42a3924); CPO is arXiv:2401.08417, SimPO
arXiv:2405.14734. TRL's CPOTrainer with loss type `simpo` computes the same (run against TRL 1.16.0 in
tests/conformance); whoever takes its defaults for SimPO trains this, at other hyper-parameters. At weight 0 it is
method `simpo`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Over, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of CPO-SimPO."""

    beta: float = 10.0
    """Reward per nat-per-token, > 0; 10 in the authors' Llama-3 configuration, 0.1 in TRL."""
    margin: float = 0.54
    """Target gap between mean log-probabilities, nats per token, >= 0; gamma / beta, 5.4 / 10 in the authors'
    configuration."""
    sft_weight: float = 0.05
    """Weight of the chosen responses' negative log-likelihood per token of the step, >= 0; 0.05 in the authors'
    configuration (`cpo_alpha`), 1 in TRL."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "margin", "sft_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * mean log-probability."""
    return hyper.beta * scores.policy.mean()


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] SimPO loss, and [B] weighted likelihood of the chosen response per token of the step."""
    chosen, rejected = pair(reward(scores, hyper))
    preference = -F.logsigmoid(chosen - rejected - hyper.beta * hyper.margin)
    nll = -scores.policy.sum()[:, 0]
    return {"preference": Term(preference), "sft": Term(hyper.sft_weight * nll, Over.CHOSEN_TOKENS)}


METHOD = Method(
    name="cpo_simpo",
    paper=Paper(
        "Xu et al.",
        2024,
        title="The joint of Contrastive Preference Optimization (CPO) & Simple Preference Optimization (SimPO)",
        note="A repository, fe1ixxu/CPO_SIMPO, not on arXiv; its parts are arXiv:2401.08417 and arXiv:2405.14734.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    variants={"default": {}, "trl": {"beta": 0.1, "margin": 5.0, "sft_weight": 1.0}},
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(beta (a_w - a_l) - gamma) + w * NLL_w\n"
        "a = log pi(y) / |y|,  gamma = beta * margin\n"
        "NLL_w = -sum of log pi(y_w) over the step / number of chosen tokens in the step"
    ),
    differs={
        "TRL 1.16.0 CPOTrainer, `simpo`": "the same at w = cpo_alpha and margin = simpo_gamma / beta",
        "fe1ixxu/CPO_SIMPO at 0a000c0": "the same; its README writes the likelihood term without a weight and summed",
    },
)
