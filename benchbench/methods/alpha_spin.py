"""alpha-SPIN: SPIN against a geometric mixture of the last policy and the reference.

Alami et al. 2024, arXiv:2404.04291. The chosen response is a demonstration, the rejected one a sample of the policy
that the round starts from, or of one of the last policies. alpha is the reference's share of the anchor: at 0 it is
SPIN, at 1 DPO. The mixture's normaliser is the same for both responses and cancels. Everything is summed over the
response.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, log_ratio, pair, previous_log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of alpha-SPIN."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is ours, the paper's is not known."""
    alpha: float = 0.5
    """The reference's share of the anchor, in [0, 1]; 0 is SPIN, 0.5 is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "alpha", "[0, 1]")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to previous^(1 - alpha) ref^alpha, which is not normalised."""
    mixed = (1 - hyper.alpha) * previous_log_ratio(scores) + hyper.alpha * log_ratio(scores)
    return hyper.beta * mixed


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="alpha_spin",
    paper=Paper(
        "Alami et al.",
        2024,
        arxiv="2404.04291",
        title="Investigating Regularization of Self-Play Language Models",
        note="The form is that of the abstract and of pages about the paper; its defaults are not known.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.PREVIOUS}),
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta (m_w - m_l))\n"
        "m = log pi - (1 - alpha) log previous - alpha log ref, summed over y\n"
        "previous: the policy that the round starts from"
    ),
    differs={"`dpo` here": "the same at alpha 1", "`dno_prct` here": "the same at alpha 0"},
    open_question="The defaults of alpha, beta and the length of the history are not known.",
)
