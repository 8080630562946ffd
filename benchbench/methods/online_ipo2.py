"""Online IPO, second version: a margin regressed on the pair's own probability, on plain samples of the policy.

Zhou et al. 2025, arXiv:2503.08942; code zhourunlong/EGPO at 644bf31, lms/train_nlhf.py (`oipo2`), a baseline there of
the loss of Calandriello et al. 2024 (arXiv:2403.08635). Where both responses are plain samples of the current policy,
P(y over y') - 1/2 has the expected gradient of the two win rates against a third one (`online_ipo1`) and less variance;
the column `p_chosen` has P. Log-probabilities are summed.
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
    """[B] squared distance of the log-ratio margin from (p_chosen - 1/2) / beta."""
    return _win_margins.loss(scores, hyper, scores.column("p_chosen").to(scores.policy.token) - 0.5)


METHOD = Method(
    name="online_ipo2",
    paper=Paper(
        "Zhou et al.",
        2025,
        arxiv="2503.08942",
        title=(
            "Extragradient Preference Optimization (EGPO): Beyond Last-Iterate Convergence for Nash Learning from "
            "Human Feedback"
        ),
        note="Checked against the authors' code, algorithm oipo2.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("p_chosen", low=0.0, high=1.0),),
    monotone_in_chosen=False,
    monotone_reason="The margin is pulled to its target from both sides.",
    on_policy=True,
    family=Family.PAIRWISE,
    equation=(
        "L = (h_w - h_l - (P - 1/2) / beta)^2, both responses from the policy\n"
        "h = log pi(y|x) - log ref(y|x), summed; P = p_chosen, that of the first response"
    ),
    differs={
        "zhourunlong/EGPO 644bf31, oipo2": "the same; an option divides log-probabilities by lengths",
        "`ipo` with reduction sum": "the same where p_chosen is 1",
        "`cipo` here": "the same loss, of pairs of any source",
    },
)
