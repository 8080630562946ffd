"""SparsePO: learned masks say which tokens count, in the log-ratio and in the divergence of token-level DPO.

Christopoulou et al. 2024, arXiv:2410.05102; code huawei-noah/HEBO, SparsePO/, at 04f4ece. With a_t a token's log-ratio,
k_t = KL(reference || policy) at its position, and masks m_t >= 0, a response counts sum_t m^u_t a_t + m^d_t k_t; the
loss is DPO's on beta times the difference, plus the masks' sums times l1, of which a common mask has half of each. A
mask is the rectified output of a linear layer on the reference's hidden states, trained beside the policy. Here it
reads the last layer (the code's mask_model simple_last) without its dropout; the code's default mixes the masks of all
layers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Head, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of SparsePO."""

    beta: float = 0.1
    """Reward per nat of masked log-ratio and divergence, > 0; 0.1 is the authors' for HH, 0.8 for IMDB and TL;DR."""
    rw_kl_independent: bool = False
    """Two masks, one for the log-ratios and one for the divergences, instead of a common one; the code's name."""
    l1_norm_param_u: float = 0.0
    """Loss per unit of the log-ratios' mask, >= 0, of a common mask half of it; 0 is the code's default, 0.001 its
    value for HH."""
    l1_norm_param_d: float = 0.0
    """Loss per unit of the divergences' mask, >= 0, of a common mask half of it; 0 is the code's default, 0.001 its
    value for HH."""
    mask_rate: float = 1.0
    """Learning rate of the masks' layer over that of the policy, > 0; 1 is the code's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "mask_rate")
        require_at_least_zero(self, "l1_norm_param_u", "l1_norm_param_d")


def masks(scores: Scores) -> tuple[Tensor, Tensor]:
    """[B, K, T] masks of the log-ratios and of the divergences, >= 0; the same one where there is one."""
    both = F.relu(scores.head)
    return both[..., 0], both[..., -1]


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * (masked log-ratios + masked divergences), summed over the response."""
    of_ratio, of_divergence = masks(scores)
    ratio = scores.policy.token - scores.reference.token
    return hyper.beta * (of_ratio * ratio + of_divergence * scores.distribution).sum(dim=-1).to(ratio)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin, plus the size of both responses' masks."""
    chosen, rejected = pair(reward(scores, hyper))
    of_ratio, of_divergence = masks(scores)
    size = hyper.l1_norm_param_u * of_ratio + hyper.l1_norm_param_d * of_divergence
    size = size if hyper.rw_kl_independent else size / 2  # one mask stands for both
    return -F.logsigmoid(chosen - rejected) + size.sum(dim=(1, 2)).to(chosen)


METHOD = Method(
    name="sparse_po",
    paper=Paper(
        "Christopoulou et al.",
        2024,
        arxiv="2410.05102",
        title="SparsePO: Controlling Preference Alignment of LLMs via Sparse Token Masks",
        note="The loss was checked against the authors' code, sparse_trainer.py.",
    ),
    version=2,
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.DISTRIBUTION.with_options(quantity="reference_first")}),
    head=Head(
        outputs=lambda hyper: 2 if hyper.rw_kl_independent else 1,
        place="tokens",
        reads="reference",
        rate=lambda hyper: hyper.mask_rate,
    ),
    variants={"default": {}, "sparse": {"l1_norm_param_u": 1e-3, "l1_norm_param_d": 1e-3}},
    family=Family.TOKEN_LEVEL,
    equation=(
        "L = -log sigmoid( beta [ r(y_w) - r(y_l) ] ) + l1_u sum m^u + l1_d sum m^d\n"
        "r(y) = sum_t m^u_t a_t + m^d_t k_t, k_t = KL( ref(.|y_<t) || pi(.|y_<t) )\n"
        "a_t = log pi(y_t) / ref(y_t), m = max(0, linear(reference's hidden state))\n"
        "one common mask m^u = m^d: half of l1_u and of l1_d"
    ),
    differs={"huawei-noah/HEBO 04f4ece": "masks of all layers, mixed; dropout on them; its logged accuracy differs"},
    open_question="The masks read the last layer of the reference, those of the paper's default read all of them.",
)
