"""Prompt-side preferences in text: one response after its own prompt against the same after a wrong one.

A twin of Xian et al. 2025, arXiv:2509.25771 (TDPO for text-to-image models), where an image is preferred with its
caption to the same image with a perturbed caption. Here the response stays and the prompt changes (transform
`swapped_prompts`):

    loss = -log sigmoid(beta (rho(y | x) - rho(y | x'))),  rho = summed log-ratio to the reference

Never a reproduction.
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
    """Hyper-parameters of prompt-side preferences."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference, each after its own prompt."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the margin of the true prompt over the wrong one."""
    chosen, rejected = pair(reward(scores, hyper))
    return -F.logsigmoid(chosen - rejected)


METHOD = Method(
    name="tpo_text_twin",
    paper=Paper(
        "Xian et al.",
        2025,
        arxiv="2509.25771",
        title="Free Lunch Alignment of Text-to-Image Diffusion Models without Preference Image Pairs",
        note="A text form; the loss from the description.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation="loss = -log sigmoid( beta (rho(y | x) - rho(y | x')) ),  x' a wrong prompt",
    collisions=("TDPO is also token-level DPO, arXiv:2404.11999.", "TPO is also `tpo_triple` and `tpo_tree`."),
    open_question="The published loss was not read; this is Diffusion-DPO's form with the roles on prompts.",
    twin_of="Preferences between captions of one image, for text-to-image models; here between prompts of a response.",
)
