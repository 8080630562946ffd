"""Online IPO, first version: the loss of EGPO in plain steps, which is online mirror descent.

Zhou et al. 2025, arXiv:2503.08942; code zhourunlong/EGPO at 644bf31, lms/train_nlhf.py (`oipo1`), a baseline there of
the loss of Calandriello et al. 2024 (arXiv:2403.08635). The column `win_against_policy` has, per response, the
probability that it is preferred to a further plain sample of the current policy; the two responses may be of any
sampler (the authors draw them at temperature 2, top_k 10). Log-probabilities are summed.
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
    """[B] squared distance of the log-ratio margin from the difference of the two win rates over beta."""
    return _win_margins.rates_loss(scores, hyper, "win_against_policy")


METHOD = Method(
    name="online_ipo1",
    paper=Paper(
        "Zhou et al.",
        2025,
        arxiv="2503.08942",
        title=(
            "Extragradient Preference Optimization (EGPO): Beyond Last-Iterate Convergence for Nash Learning from "
            "Human Feedback"
        ),
        note="Checked against the authors' code, algorithm oipo1.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("win_against_policy", low=0.0, high=1.0, per="candidate"),),
    monotone_in_chosen=False,
    monotone_reason="The margin is pulled to its target from both sides.",
    family=Family.PAIRWISE,
    equation=(
        "L = (h - h' - (P(y over y'') - P(y' over y'')) / beta)^2, y'' from the policy\n"
        "h = log pi(y|x) - log ref(y|x), summed; P(. over y'') = win_against_policy"
    ),
    differs={
        "zhourunlong/EGPO 644bf31, oipo1": "the same; an option divides log-probabilities by lengths",
        "EGPO, the method": "the same loss, in half steps: the gradient of one is applied from where the step began",
    },
)
