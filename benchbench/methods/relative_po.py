"""Relative PO: every chosen response of the step against every rejected one, weighted by how alike their prompts are.

Yin et al. 2024, arXiv:2402.10958, paired form; code yinyueqin/relative-preference-optimization, trainers.py at 7486a05,
RPOTrainer. With rho = a response's summed log-ratio to the reference, and omega_ij = the softmax over j of minus the
cosine distance of prompts i and j over a temperature, example i has the mean over j of
-log sigmoid(beta omega_ij (rho(w_i) - rho(l_j))): the weight stands inside of the sigmoid. The code takes the grid of
each device's microbatch; here it is that of the whole optimizer step, whose size is part of the objective.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of Relative PO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is the code's."""
    distance_temperature: float = 0.5
    """Cosine distance over which a weight falls by a factor of e, > 0; the code's name and value, its README also has
    0.25."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "distance_temperature")


def weights(embedding: Tensor, hyper: Hyper) -> Tensor:
    """[B, B] share of each rejected response j in the contrasts of each chosen one i; rows add up to 1."""
    unit = F.normalize(embedding, dim=-1)
    distance = 1 - unit @ unit.T
    return F.softmax(-distance / hyper.distance_temperature, dim=-1)


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] mean over all rejected responses of the step of -log sigmoid of the weighted margin."""
    chosen, rejected = pair(reward(scores, hyper))
    share = weights(scores.prompt_embedding, hyper).to(chosen)
    return -F.logsigmoid(share * (chosen[:, None] - rejected)).mean(dim=-1)


METHOD = Method(
    name="relative_po",
    paper=Paper(
        "Yin et al.",
        2024,
        arxiv="2402.10958",
        title="Relative Preference Optimization: Enhancing LLM Alignment through Contrasting Responses across "
        "Identical and Diverse Prompts",
        note="Paired form; the loss was checked against the authors' code, trainers.py, not against the paper.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.PROMPT_EMBEDDING}),
    coupled=True,
    least_examples=2,
    family=Family.PAIRWISE,
    equation=(
        "loss = mean_i mean_j -log sigmoid( beta omega_ij [ rho(w_i) - rho(l_j) ] )\n"
        "rho(y) = log pi(y) / ref(y),  omega_ij = softmax_j( -d_ij / tau )\n"
        "d_ij = 1 - cos( e_i, e_j ),  e: mean last hidden state of the reference"
    ),
    differs={
        "yinyueqin/relative-preference-optimization 7486a05": (
            "sentence encoders (all-MiniLM-L6-v2); the grid of each device's microbatch; unpaired and diagonal forms"
        ),
    },
    collisions=(
        "RPO is also Regularised PO (2405.16436, `rpo_reg`) and Iterative Reasoning PO (2404.19733, `rpo_iter`).",
        "TRL's rpo_alpha is the weight of Iterative Reasoning PO's likelihood.",
    ),
    open_question="Prompts are embedded by the reference, those of the paper by a sentence encoder.",
)
