"""GPM: a preference score that may run in circles, from a skew-symmetric form of 2m-dimensional embeddings.

Zhang et al. 2024, arXiv:2410.02197. Each response has an embedding v; s(i > j) is the sum over m blocks of
v_i[2b] v_j[2b+1] - v_i[2b+1] v_j[2b], so s(i > j) = -s(j > i), and the loss is -log sigmoid(s(w > l) / tau). With a
gate the blocks are weighted by the softmax of a linear map of the prompt's state, times m. Form, tau and the gate were
checked against general-preference/general-preference-model at a376d95. A response by itself has no reward: here it is
the mean of s / tau over the K candidates of the prompt, itself (0) included, so that half of a pair's margin falls to
either side and the margin is s / tau.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Paper
from benchbench.core.ranges import require, require_above_zero
from benchbench.core.reward_objective import HeadSpec, Network, RewardObjective, RewardScores
from benchbench.core.scores import pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of GPM."""

    dimensions: int = 6
    """Length of the embedding, even; 6 is the released Gemma-2B model's script."""
    tau: float = 0.1
    """What the preference score is divided by, > 0."""
    gate: bool = False
    """Weigh the blocks by the prompt."""

    def __post_init__(self) -> None:
        even = self.dimensions >= 2 and self.dimensions % 2 == 0
        require(even, "dimensions", "an even number of 2 or more", self.dimensions)
        require_above_zero(self, "tau")


def head(hyper: Hyper) -> HeadSpec:
    """The embedding, and the gate of the prompt where there is one."""
    return HeadSpec(Network(hyper.dimensions), Network(hyper.dimensions // 2) if hyper.gate else None)


def preference(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K, K] score of the first index over the second, skew-symmetric to the bit."""
    blocks = scores.outputs.unflatten(-1, (-1, 2))  # [B, K, m, 2]
    even, odd = blocks[..., 0], blocks[..., 1]  # [B, K, m]
    weight = F.softmax(scores.prompt, dim=-1)[:, None] * (hyper.dimensions // 2) if hyper.gate else 1.0
    half = (even * weight) @ odd.transpose(-1, -2)  # [B, K, K]
    return half - half.transpose(-1, -2)


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] mean preference over the prompt's candidates, itself included, in units of tau."""
    return preference(scores, hyper).mean(dim=-1) / hyper.tau


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the preference for the chosen response."""
    pair(scores.outputs[..., 0])
    return -F.logsigmoid(preference(scores, hyper)[:, 0, 1] / hyper.tau)


OBJECTIVE = RewardObjective(
    name="gpm",
    paper=Paper(
        "Zhang et al.",
        2024,
        arxiv="2410.02197",
        title="Beyond Bradley-Terry Models: A General Preference Model for Language Model Alignment",
        note="Checked against general-preference/general-preference-model at a376d95.",
    ),
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    is_shift_free=False,
    is_relative=True,
    family="pairwise",
    equation="L = -log s(S(w, l) / tau)\nS(i, j) = sum_b (v_i[2b] v_j[2b+1] - v_i[2b+1] v_j[2b])",
    differs={"general-preference/general-preference-model at a376d95": "the same; it defines no reward per response"},
)
