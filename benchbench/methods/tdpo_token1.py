"""Token-level DPO, first form: DPO whose margin includes the difference of the responses' summed token divergences.

Zeng et al. 2024, arXiv:2404.11999, TDPO1. With D(y) the sum over the response's positions of
KL(reference || policy) over the whole vocabulary, the margin is beta [ rho_w - rho_l + D(y_w) - D(y_l) ], with its
gradient through both divergences. Checked against the authors' code,
Vance0124/Token-level-Direct-Preference-Optimization, trainers.py.
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
    """Hyper-parameters of TDPO1."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio and divergence, > 0; 0.1 is the authors' code's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * (summed log-ratio + summed divergence from the reference)."""
    return hyper.beta * (log_ratio(scores) + scores.distribution.sum(dim=-1))


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="tdpo_token1",
    paper=Paper(
        "Zeng et al.",
        2024,
        arxiv="2404.11999",
        title="Token-level Direct Preference Optimization",
        note="TDPO1; checked against the authors' code, trainers.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.DISTRIBUTION.with_options(quantity="reference_first")}),
    family=Family.TOKEN_LEVEL,
    equation=(
        "L = -log sigmoid( beta [ rho_w - rho_l + D(y_w) - D(y_l) ] )\n"
        "rho = log pi(y|x) - log ref(y|x), summed\n"
        "D(y) = sum_t KL( ref(.|y_<t) || pi(.|y_<t) )"
    ),
    differs={"Vance0124/Token-level-Direct-Preference-Optimization": "the same, as its loss without `if_tdpo2`"},
    collisions=("A method for text-to-image models (arXiv:2509.25771) is also called TDPO, for text-DPO.",),
)
