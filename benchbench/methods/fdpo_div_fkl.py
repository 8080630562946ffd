"""f-DPO with the forward KL divergence: a chosen response is held near the reference from below, hard.

Wang et al. 2023, arXiv:2309.16240; code alecwangcq/f-divergence-dpo, trainers.py. The reward is beta f'(u) with
f'(u) = -1/u, u the ratio of the policy's likelihood to the reference's. The exponent is held at 80 as in TRL, so that
1/u stays finite; a response 80 nats below its reference has no gradient of its own.
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
    """Hyper-parameters of f-DPO with the forward KL divergence."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] -beta / u, with u the likelihood ratio to the reference."""
    return -hyper.beta * F.held_exponent(-log_ratio(scores)).exp()


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="fdpo_div_fkl",
    paper=Paper(
        "Wang et al.",
        2023,
        arxiv="2309.16240",
        title="Beyond Reverse KL: Generalizing Direct Preference Optimization with Diverse Divergence Constraints",
        note="Values agree with TRL 1.0.0 and 1.16.0.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta (f'(u_w) - f'(u_l))), f'(u) = -1/u\nu = pi(y|x) / ref(y|x), log u summed over tokens"
    ),
    differs={
        "TRL 1.16.0, f_divergence_type forward_kl": "the same; in float16 the exponent is held at 11",
        "alecwangcq/f-divergence-dpo": "the same, with no bound of the exponent",
        "oxRL 2a2bd5d, fdpo.py": (
            "adds DPO's margin to it, so that a chosen response below the reference is pushed down"
        ),
    },
    collisions=("F-DPO of arXiv:2601.03027 is about factuality (the method fdpo_factual).",),
)
