"""SparsePO with masks of activations: how active the reference is at a token says how much the token counts.

Christopoulou et al. 2024, arXiv:2410.05102; code huawei-noah/HEBO, SparsePO/, at 04f4ece, where it is called mapo
(mapo_trainer.py, activation_mapping zn_rescale). With a_t a token's log-ratio, k_t = KL(reference || policy) at its
position, and one mask m for both, a response counts sum_t m_t (a_t + k_t), and the loss is DPO's on beta times the
difference. A layer's share of a mask is its mean activation, z-normalised and then rescaled to [0, 1] over the
response's tokens, which is the rescaling alone; the mask is the mean of the shares. Nothing of it is trained. Here a
layer has one activation, the residual stream behind it; the code also takes those inside of each layer's attention and
feed-forward parts and the logits, from its own copies of four architectures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of SparsePO with masks of activations."""

    beta: float = 0.1
    """Reward per nat of masked log-ratio and divergence, > 0; 0.1 is the authors' for HH, 0.8 for IMDB and TL;DR."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def rescaled(values: Tensor, response: Tensor) -> Tensor:
    """[B, K, T] numbers moved to [0, 1] by the least and the largest of each response; zero elsewhere.

    Where all are alike, as those of a single token, they are 1: nothing tells the tokens apart, and each counts whole.
    The code has 0 / 0 there.
    """
    low = values.masked_fill(~response, float("inf")).amin(dim=-1, keepdim=True)
    high = values.masked_fill(~response, float("-inf")).amax(dim=-1, keepdim=True)
    differ = high > low
    share = (values - low) / (high - low).where(differ, 1.0)
    return share.where(differ, 1.0).where(response, 0.0)


def mask(scores: Scores) -> Tensor:
    """[B, K, T] mean over the layers of their rescaled activations, in [0, 1]; zero off the response."""
    response = scores.policy.response
    shares = [rescaled(values, response) for values in scores.activations.values()]
    return sum(shares[1:], shares[0]) / len(shares)


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * masked (log-ratio + divergence), summed over the response."""
    ratio = scores.policy.token - scores.reference.token
    return hyper.beta * (mask(scores) * (ratio + scores.distribution)).sum(dim=-1).to(ratio)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="sparse_po_act",
    paper=Paper(
        "Christopoulou et al.",
        2024,
        arxiv="2410.05102",
        title="SparsePO: Controlling Preference Alignment of LLMs via Sparse Token Masks",
        note="Masks of activations; loss and rescaling were checked against the authors' code, mapo_trainer.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.DISTRIBUTION.with_options(quantity="reference_first"), Need.ACTIVATIONS}),
    family=Family.TOKEN_LEVEL,
    equation=(
        "L = -log sigmoid( beta [ r(y_w) - r(y_l) ] ),  r(y) = sum_t m_t (a_t + k_t)\n"
        "a_t = log pi(y_t) / ref(y_t), k_t = KL( ref(.|y_<t) || pi(.|y_<t) )\n"
        "m_t = mean over layers of (h_t - min h) / (max h - min h)\n"
        "h_t: mean over its width of what the layer of the reference gives"
    ),
    differs={
        "huawei-noah/HEBO 04f4ece": (
            "means by kind over activations inside of layers, the residual stream and the logits; its logged rewards "
            "have the divergence with the other sign"
        )
    },
    collisions=("MaPO (2406.06424, `mapo_twin`) is margin-aware and of diffusion models; this is mapo in its code.",),
    open_question="The masks average the layers' outputs, those of the authors' code also activations inside of them.",
)
