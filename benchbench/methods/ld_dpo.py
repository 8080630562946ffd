"""LD-DPO: DPO whose log-probabilities beyond the shorter response's length count less.

Liu et al. 2024, arXiv:2409.06411. For both responses and both models, tokens beyond the shared length
min(|y_w|, |y_l|) are weighted by alpha; positions count response tokens only. As TRL 1.16.0 (`ld_alpha`) computes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_within
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of LD-DPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    alpha: float = 0.5
    """Weight of tokens beyond the shared length, in [0, 1]: 1 is DPO, 0 cuts both; 0.5 is a secondary source's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_within(self, "alpha", "[0, 1]")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * log-ratio to the reference, tokens beyond the shortest candidate's length weighted by alpha."""
    response = scores.policy.response
    position = response.cumsum(dim=-1)  # [B, K, T] 1 at the first response token
    shared = response.sum(dim=-1).amin(dim=-1)[:, None, None]  # [B, 1, 1]
    ratio = scores.policy.token - scores.reference.token
    return hyper.beta * (ratio * (position <= shared) + hyper.alpha * ratio * (position > shared)).sum(dim=-1)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="ld_dpo",
    paper=Paper(
        "Liu et al.",
        2024,
        arxiv="2409.06411",
        title="Length Desensitization in Direct Preference Optimization",
        note="Values agree with TRL 1.0.0 and 1.16.0, ld_alpha.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    variants={"default": {}, "truncated": {"alpha": 0.0}},
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta (l_w - l_l))\n"
        "l = sum_{t <= n} r_t + alpha sum_{t > n} r_t, n = min(|y_w|, |y_l|)\n"
        "r_t = log pi(y_t) - log ref(y_t)"
    ),
    differs={
        "TRL 1.0.0 and 1.16.0, ld_alpha": "the same",
        "TRL up to 0.28": "alpha on the policy's tokens only, and positions count the prompt: a defect",
    },
)
