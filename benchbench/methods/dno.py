"""DNO: each pair's margin against the last policy is fitted to the two responses' win rates over that policy.

Rosset et al. 2024, arXiv:2404.03715, the objective that DNO-Prct (`dno_prct`) makes practical: cross-entropy with the
label sigmoid(r(y) - r(y')), r(y) the probability that y is preferred to a sample of the policy that the round starts
from. The column `win_rate` has r, per candidate, as SPPO estimates it: the mean over the responses sampled for the
prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, pair, previous_log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DNO."""

    eta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is that of DNO-Prct in the paper."""

    def __post_init__(self) -> None:
        require_above_zero(self, "eta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] eta * summed log-ratio to the policy that the round starts from."""
    return hyper.eta * previous_log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] cross-entropy of the reward margin with the label that the two win rates give."""
    chosen, rejected = pair(reward(scores, hyper))
    margin = chosen - rejected
    win, other_win = pair(scores.column("win_rate").to(margin))
    label = (win - other_win).sigmoid()
    return -label * F.logsigmoid(margin) - (1 - label) * F.logsigmoid(-margin)


METHOD = Method(
    name="dno",
    paper=Paper(
        "Rosset et al.",
        2024,
        arxiv="2404.03715",
        title="Direct Nash Optimization: Teaching Language Models to Self-Improve with General Preferences",
        note="The objective before it is made practical; the experiments are with DNO-Prct.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.PREVIOUS}),
    columns=(Column("win_rate", low=0.0, high=1.0, per="candidate"),),
    monotone_in_chosen=False,
    monotone_reason="The label is never 1, so the optimum is finite and beyond it a larger margin costs.",
    family=Family.PAIRWISE,
    equation=(
        "L = -p log sigmoid(eta d) - (1 - p) log sigmoid(-eta d), p = sigmoid(r_w - r_l)\n"
        "d = g_w - g_l, g = log pi(y|x) - log previous(y|x), summed; r = win_rate"
    ),
    differs={"`cdpo_soft` here": "the same of the label p_chosen, against the recipe's reference"},
    open_question="The paper trains DNO-Prct; no values of this form by others are known to check it with.",
)
