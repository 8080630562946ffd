"""chi-PO: DPO with the link function of chi-squared regularisation, against over-optimisation.

Huang et al. 2024, arXiv:2407.13399. With l the summed log-ratio, DPO's link l becomes exp(l) + l, and the margin is
clipped to twice the largest reward. Near the reference it is DPO with 2 beta. The form, clip and all, is the one that
public reading notes quote, and a re-implementation has it without the clip (oxRL at 2a2bd5d, chipo.py). The exponent is
held at 80, far beyond the clip, so that nothing is infinite; over long responses exp(l) is 0 or huge, and in practice
only l acts.
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
    """Hyper-parameters of chi-PO."""

    beta: float = 0.1
    """Reward per unit of link, > 0; 0.1 is ours, the paper wants it small."""
    r_max: float = 5.0
    """Largest reward, > 0: the margin is clipped to 2 r_max either way; 5 is ours, the paper takes it as known."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta", "r_max")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * (exp(l) + l) of the summed log-ratio l."""
    ratio = log_ratio(scores)
    return hyper.beta * (F.held_exponent(ratio).exp() + ratio)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the clipped reward margin; zero gradient beyond the clip."""
    chosen, rejected = pair(log_ratio(scores))
    # the two parts apart: a log-ratio added to a large exponential would be lost to rounding
    exponentials = F.held_exponent(chosen).exp() - F.held_exponent(rejected).exp()
    margin = hyper.beta * (exponentials + (chosen - rejected))
    return -F.logsigmoid(margin.clamp(-2 * hyper.r_max, 2 * hyper.r_max))


METHOD = Method(
    name="chi_po",
    paper=Paper(
        "Huang et al.",
        2024,
        arxiv="2407.13399",
        title=(
            "Correcting the Mythos of KL-Regularization: Direct Alignment without Overoptimization via "
            "Chi-Squared Preference Optimization"
        ),
        note="Form as in oxRL at 2a2bd5d with the clip added; values checked against an independent calculation.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid(clip(beta (phi(r_w) - phi(r_l)), -2 R, 2 R))\n"
        "phi(r) = exp(r) + r\n"
        "r(y) = log pi(y) - log ref(y), summed over the response tokens"
    ),
    differs={"oxRL at 2a2bd5d, chipo.py": "no clip of the margin; r is clipped to +-20 inside the exponential"},
    open_question="The paper was not read; link and clip are as reading notes quote them, no authors' code is known.",
)
