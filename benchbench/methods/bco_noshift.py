"""BCO without its shift: each response classified against the reference, as TRL's `bco_pair` does.

Jung et al. 2024, arXiv:2404.04656, on summed log-probabilities, but without the running mean of rewards that the paper
subtracts and without its weights of unpaired prompts. That is what TRL has computed under the name `bco_pair` since
0.29 (run against TRL 1.16.0 in tests/conformance); it is no reproduction of the paper. The loss of a pair is never
below that of DPO.
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
    """Hyper-parameters of BCO without shift."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is TRL's default, 0.01 what its paper index gives for BCO."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] sum of the two cross-entropies."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen) - F.logsigmoid(-rejected)


METHOD = Method(
    name="bco_noshift",
    paper=Paper(
        "Jung et al.",
        2024,
        arxiv="2404.04656",
        title="Binary Classifier Optimization for Large Language Model Alignment",
        note="Without the paper's reward shift; checked against TRL 1.16.0, loss type bco_pair.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.POINTWISE,
    equation=(
        "loss = -log sigmoid(beta r_w) - log sigmoid(-beta r_l)\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={
        "TRL 1.16.0 `bco_pair`": "the same",
        "TRL up to 0.28 `bco_pair`": "subtracts a running mean of the rewards, as the paper does",
        "the paper": "subtracts a running mean of the rewards, and may weight the rejected responses",
    },
    collisions=("TRL's paper index writes the loss of DPO for `bco_pair`; its code does not compute that.",),
)
