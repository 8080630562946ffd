"""f-DPO with an alpha divergence, between the reverse KL (alpha to 0, DPO) and the forward KL (alpha = 1).

Wang et al. 2023, arXiv:2309.16240; code alecwangcq/f-divergence-dpo, trainers.py. The reward is beta f'(u) with
f'(u) = (1 - u^-alpha) / alpha, u the ratio of the policy's likelihood to the reference's. The exponent is held at 80,
as in `fdpo_div_fkl`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of f-DPO with an alpha divergence."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    alpha: float = 0.5
    """Order of the divergence, in (0, 1]: DPO as it goes to 0, forward KL at 1; 0.5 is TRL's since 0.29."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "alpha", "(0, 1]")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * (1 - u^-alpha) / alpha, with u the likelihood ratio to the reference."""
    return -hyper.beta / hyper.alpha * F.held_exponent(-hyper.alpha * log_ratio(scores)).expm1()


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="fdpo_div_alpha",
    paper=Paper(
        "Wang et al.",
        2023,
        arxiv="2309.16240",
        title="Beyond Reverse KL: Generalizing Direct Preference Optimization with Diverse Divergence Constraints",
        note="Values agree with TRL 1.0.0 and 1.16.0 in float32; its branch fails in float64.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta (f'(u_w) - f'(u_l))), f'(u) = (1 - u^-alpha) / alpha\n"
        "u = pi(y|x) / ref(y|x), log u summed over tokens"
    ),
    differs={
        "TRL since 0.29, f_alpha_divergence_coef": "the same with coefficient 1 - alpha, default 0.5",
        "TRL up to 0.28": "the same alpha, default 1",
        "alecwangcq/f-divergence-dpo": "the same, with no bound of the exponent",
        "oxRL 2a2bd5d, fdpo.py": "beta is ignored",
    },
    collisions=("F-DPO of arXiv:2601.03027 is about factuality (the method fdpo_factual).",),
)
