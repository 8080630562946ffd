"""cIPO: IPO with soft labels, whose target is scaled by the label.

A baseline of Furuta et al. 2024, arXiv:2409.06691, on summed log-probabilities: the expectation of IPO's target over a
label of probability p is (2p - 1) / (2 beta).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchbench.core.method import Column, Family, Method, Need, Paper
from benchbench.core.scores import Scores
from benchbench.methods import _win_margins
from benchbench.methods._win_margins import Hyper, reward

if TYPE_CHECKING:
    from torch import Tensor


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared distance of the log-ratio margin from (2p - 1) / (2 beta); at p = 1 IPO on sums."""
    return _win_margins.loss(scores, hyper, scores.column("p_chosen").to(scores.policy.token) - 0.5)


METHOD = Method(
    name="cipo",
    paper=Paper(
        "Furuta et al.",
        2024,
        arxiv="2409.06691",
        title="Geometric-Averaged Preference Optimization for Soft Preference Labels",
        note="No public code; values checked against an independent calculation only.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("p_chosen", low=0.0, high=1.0),),
    monotone_in_chosen=False,
    monotone_reason="The margin is pulled to its target from both sides.",
    family=Family.PAIRWISE,
    equation=(
        "L = (h - (2p - 1) / (2 beta))^2\nh = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed; p = column p_chosen"
    ),
)
