"""EGPO: online IPO's loss in half steps (extragradient), which reaches the regularised Nash policy in its last iterate.

Zhou et al. 2025, arXiv:2503.08942; code zhourunlong/EGPO at 644bf31, lms/train_nlhf.py. The loss is that of
`online_ipo1`: the column `win_against_policy` has, per response, the probability that it is preferred to a further
plain sample of the policy, and log-probabilities are summed. Of each two optimizer steps the first goes half-way, and
the second has its draws and its gradient there and is taken from where the first began.
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
    name="egpo",
    paper=Paper(
        "Zhou et al.",
        2025,
        arxiv="2503.08942",
        title=(
            "Extragradient Preference Optimization (EGPO): Beyond Last-Iterate Convergence for Nash Learning from "
            "Human Feedback"
        ),
        note="Loss and half steps as in the authors' code.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("win_against_policy", low=0.0, high=1.0, per="candidate"),),
    monotone_in_chosen=False,
    monotone_reason="The margin is pulled to its target from both sides.",
    half_steps=True,
    family=Family.PAIRWISE,
    equation=(
        "L_t = (h - h' - (P(y over y'') - P(y' over y'')) / beta)^2, y'' from pi_t\n"
        "h = log pi(y|x) - log ref(y|x), summed; P(. over y'') = win_against_policy\n"
        "theta_1/2 = theta - rate grad L_0(theta)\n"
        "theta     = theta - rate grad L_1/2(theta_1/2), optimizer state of before"
    ),
    differs={
        "zhourunlong/EGPO 644bf31": "the same; an option draws the pair at another temperature, one divides by lengths",
        "`online_ipo1` here": "the same loss in plain steps",
    },
    open_question="Beta and the learning rate of the paper's runs were not read.",
)
