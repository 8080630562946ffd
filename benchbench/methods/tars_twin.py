"""TARS in text: DPO under a perturbed prompt, and the chosen response under a corrupted one as what is rejected.

A twin of Zhang et al. 2025, arXiv:2507.21584 (code KejiaZhang-Robust/TARS at 43e9285), where the prompt's tokens that
are least tied to an image are perturbed and the image itself is corrupted. Here both are prompts of candidates
(transform `corrupted_prompts`):

    loss = -log sigmoid(beta (rho_w - rho_l)) - log sigmoid(beta (rho_w - rho_c))

rho_c is the chosen response's log-ratio after the corrupted prompt. Never a reproduction; the paper's spectral term is
left out, and the fourth version of the paper has the first term alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, each_of, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the text form of TARS."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is the default of the authors' code."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 3] beta * summed log-ratio to the reference, each after its own prompt."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] logistic losses of the chosen response against the rejected one, and against itself after another prompt."""
    chosen, rejected, corrupted = each_of(reward(scores, hyper), 3)
    return -F.logsigmoid(chosen - rejected) - F.logsigmoid(chosen - corrupted)


METHOD = Method(
    name="tars_twin",
    paper=Paper(
        "Zhang et al.",
        2025,
        arxiv="2507.21584",
        title="TARS: MinMax Token-Adaptive Preference Strategy for Hallucination Reduction in MLLMs",
        note="A text form; the two logistic terms and their weights compared with the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    candidates=Candidates.ANY,
    roles=("chosen", "rejected", "corrupted"),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid( beta (rho_w - rho_l) )\n"
        "       - log sigmoid( beta (rho_w - rho_c) )\n"
        "rho_c: of the chosen response after a corrupted prompt"
    ),
    differs={
        "the paper, fourth version, eq. 12": "the first term alone, under a prompt whose tokens least tied to the "
        "image are masked or replaced, and 0.1 of a spectral loss",
        "KejiaZhang-Robust/TARS 43e9285, adv_loss": "the same two terms, both under the perturbed prompt, the second "
        "against a noised image; a triplet loss of Fourier magnitudes beside them",
    },
    twin_of="Preferences of vision-language models under perturbed text and corrupted images; here under prompts.",
)
