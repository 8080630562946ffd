"""iLR-DPO: DPO with a length margin, so that a longer chosen response teaches less.

Liu et al. 2024, arXiv:2406.11817. The sign is derived from the authors' MODPO with the negative length as the other
objective: a chosen response longer than the rejected one needs less of a likelihood margin. Left aside: the rounds with
labels of a reward model. The loss is that of R-DPO (length-regularised).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of iLR-DPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    alpha: float = 0.02
    """Reward per token by which the chosen response is longer, >= 0; 0 is DPO, 0.02 is ours, the paper's unknown."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] -log sigmoid of the reward margin plus alpha * (|y_w| - |y_l|)."""
    chosen, rejected = pair(reward(scores, hyper))
    chosen_tokens, rejected_tokens = pair(scores.policy.length())
    return -F.logsigmoid(chosen - rejected + hyper.alpha * (chosen_tokens - rejected_tokens))


METHOD = Method(
    name="ilr_dpo",
    paper=Paper(
        "Liu et al.",
        2024,
        arxiv="2406.11817",
        title=(
            "Iterative Length-Regularized Direct Preference Optimization: A Case Study on Improving 7B "
            "Language Models to GPT-4 Level"
        ),
        note="The sign is derived and the value of alpha is not known.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta h + alpha (|y_w| - |y_l|))\nh = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed"
    ),
    differs={
        "`rdpo_length` here": "the same loss at the same alpha, which its reward has, too",
        "oxRL 2a2bd5d, rdpo.py": "the opposite sign, which rewards length",
    },
    open_question=(
        "The sign of the length margin is derived, not read in the paper, and the value of alpha is not known."
    ),
)
