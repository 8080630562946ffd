"""SPPO with hard labels: the two log-ratios are regressed on 1 / (2 beta) and -1 / (2 beta).

Wu et al. 2024, arXiv:2405.00675, as TRL 1.16.0 computes it (loss type `sppo_hard`): win rates 1 and 0 in the loss of
`sppo`, and the sum of the two squares, not half of it, so that a learning rate acts as twice that of `sppo`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of SPPO with hard labels."""

    beta: float = 0.001
    """Regularisation, > 0: the targets are 1 / (2 beta) nats apart from 0; 0.001 is the authors' for SPPO."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] squared distances of the two log-ratios from 1 / (2 beta) and -1 / (2 beta)."""
    chosen, rejected = pair(log_ratio(scores))
    target = 1 / (2 * hyper.beta)
    return (chosen - target).square() + (rejected + target).square()


METHOD = Method(
    name="sppo_hard",
    paper=Paper(
        "Wu et al.",
        2024,
        arxiv="2405.00675",
        title="Self-Play Preference Optimization for Language Model Alignment",
        note="Values agree with TRL 1.0.0 and 1.16.0, loss type sppo_hard.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    monotone_in_chosen=False,
    monotone_reason="The chosen response's log-ratio is pulled to 1 / (2 beta) from both sides.",
    family=Family.POINTWISE,
    equation="L = (l_w - 1 / (2 beta))^2 + (l_l + 1 / (2 beta))^2\nl = log pi(y|x) - log ref(y|x), summed",
    differs={
        "TRL 1.16.0, loss_type sppo_hard": "the same",
        "uclaml/SPPO 5e61c4e": "soft win rates, and half the sum (the method sppo)",
    },
)
