"""Nash-MD as a regression: a margin regressed on two win rates against a mixture of policy and reference.

Zhou et al. 2025, arXiv:2503.08942; code zhourunlong/EGPO at 644bf31, lms/train_nlhf.py (`nmd`): the mirror descent of
Munos et al. 2023 (arXiv:2312.00886) in the loss of online IPO. The column `win_against_mixture` has, per response, the
probability that it is preferred to a sample of policy^(1-m) ref^m, m = 1/8 in the authors' script; the two responses
may be of any sampler (there at temperature 2, top_k 10). Log-probabilities are summed. A gradient step of size eta from
log-probabilities on pairs that are equally likely is the step of Nash-MD where m = eta beta.
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
    return _win_margins.rates_loss(scores, hyper, "win_against_mixture")


METHOD = Method(
    name="nash_md_regression",
    paper=Paper(
        "Zhou et al.",
        2025,
        arxiv="2503.08942",
        title=(
            "Extragradient Preference Optimization (EGPO): Beyond Last-Iterate Convergence for Nash Learning from "
            "Human Feedback"
        ),
        note="Checked against the authors' code, algorithm nmd; Nash-MD is from Munos et al. 2023, arXiv:2312.00886.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("win_against_mixture", low=0.0, high=1.0, per="candidate"),),
    monotone_in_chosen=False,
    monotone_reason="The margin is pulled to its target from both sides.",
    family=Family.PAIRWISE,
    equation=(
        "L = (h - h' - (P(y over y'') - P(y' over y'')) / beta)^2\n"
        "y'' from policy^(1-m) ref^m, P(. over y'') = win_against_mixture\n"
        "h = log pi(y|x) - log ref(y|x), summed"
    ),
    differs={
        "zhourunlong/EGPO 644bf31, nmd": "the same; an option divides log-probabilities by lengths",
        "`nash_md` here, TRL 1.12.0": "a policy gradient on samples of the policy",
    },
)
