"""Bradley-Terry on a head of two layers instead of one linear map.

The text part of BaseReward, Zhang et al. 2025, arXiv:2509.16127: a layer with an activation between the pooled state
and the reward. The loss is that of `bradley_terry`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.reward_objective import HeadSpec, Network, RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the head."""

    width: int = 1024
    """Width of the layer between, 1 or more; 1024 is ours."""
    activation: Literal["silu", "relu", "gelu", "tanh"] = "silu"
    """Activation of the layer between; `silu` is the paper's best and its default."""

    def __post_init__(self) -> None:
        require_at_least(self, 1, "width")


def head(hyper: Hyper) -> HeadSpec:
    """Two layers to one number."""
    return HeadSpec(Network(1, (hyper.width,), hyper.activation))


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the difference of the rewards."""
    chosen, rejected = pair(scores.reward)
    return -F.logsigmoid(chosen - rejected)


OBJECTIVE = RewardObjective(
    name="bt_two_layer",
    paper=Paper(
        "Zhang et al.",
        2025,
        arxiv="2509.16127",
        title="BaseReward: A Strong Baseline for Multimodal Reward Model",
        note="The head alone, on text; two layers and SiLU are those of section 4.2.",
    ),
    hyper=Hyper,
    loss=loss,
    head=head,
    family="pairwise",
    equation="L = -log s(r_w - r_l),  r = W2 act(W1 h + b1) + b2",
    open_question="The width of the layer, and whether it has biases, are not said where the paper describes the head.",
)
