"""Token-level DPO, second form: as the first, with the divergences weighted and the chosen one's without gradient.

Zeng et al. 2024, arXiv:2404.11999, TDPO2. With D(y) the sum over the response's positions of
KL(reference || policy) over the whole vocabulary, the margin is beta [ rho_w - rho_l + alpha (sg D(y_w) - D(y_l)) ].
Checked against the authors' code, Vance0124/Token-level-Direct-Preference-Optimization, trainers.py and
config/loss/tdpo.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of TDPO2."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is the authors' code's."""
    alpha: float = 0.5
    """Weight of the divergences, >= 0: 0 is DPO; 0.5 is the authors' code's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * (summed log-ratio + alpha * summed divergence from the reference)."""
    return hyper.beta * (log_ratio(scores) + hyper.alpha * scores.distribution.sum(dim=-1))


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin, in which the chosen response's divergence is a constant."""
    chosen, rejected = pair(hyper.beta * log_ratio(scores))
    of_chosen, of_rejected = pair(hyper.beta * hyper.alpha * scores.distribution.sum(dim=-1))
    return -F.logsigmoid(chosen - rejected + of_chosen.detach() - of_rejected)


METHOD = Method(
    name="tdpo_token2",
    paper=Paper(
        "Zeng et al.",
        2024,
        arxiv="2404.11999",
        title="Token-level Direct Preference Optimization",
        note="TDPO2; checked against the authors' code, trainers.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.DISTRIBUTION.with_options(quantity="reference_first")}),
    family=Family.TOKEN_LEVEL,
    equation=(
        "L = -log sigmoid( beta [ rho_w - rho_l + alpha (sg D(y_w) - D(y_l)) ] )\n"
        "rho = log pi(y|x) - log ref(y|x), summed\n"
        "D(y) = sum_t KL( ref(.|y_<t) || pi(.|y_<t) ), sg: without gradient"
    ),
    differs={
        "Vance0124/Token-level-Direct-Preference-Optimization": (
            "the same loss; the rewards that it logs weigh the divergences with 1 instead of alpha"
        )
    },
    collisions=("A method for text-to-image models (arXiv:2509.25771) is also called TDPO, for text-DPO.",),
)
