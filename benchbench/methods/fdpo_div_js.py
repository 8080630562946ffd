"""f-DPO with the Jensen-Shannon divergence: the reward of a response is bounded above.

Wang et al. 2023, arXiv:2309.16240; code alecwangcq/f-divergence-dpo, trainers.py. The reward is beta f'(u) with
f'(u) = log(2u / (1 + u)) = log 2 + log sigmoid(log u), u the ratio of the policy's likelihood to the reference's.
"""

from __future__ import annotations

import math
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
    """Hyper-parameters of f-DPO with the Jensen-Shannon divergence."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * log(2u / (1 + u)), with u the likelihood ratio to the reference; at most beta * log 2."""
    return hyper.beta * (math.log(2) + F.logsigmoid(log_ratio(scores)))


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="fdpo_div_js",
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
        "L = -log sigmoid(beta (f'(u_w) - f'(u_l))), f'(u) = log(2u / (1 + u))\n"
        "u = pi(y|x) / ref(y|x), log u summed over tokens"
    ),
    differs={
        "TRL 1.16.0, f_divergence_type js_divergence": "the same",
        "alecwangcq/f-divergence-dpo": "the same",
        "oxRL 2a2bd5d, fdpo.py": "beta multiplies half of the difference only",
    },
    collisions=("F-DPO of arXiv:2601.03027 is about factuality (the method fdpo_factual).",),
)
