"""EXO over K candidates: reverse KL from the policy's distribution over the list to the reward's.

Ji et al. 2024, arXiv:2402.00856, eq. 16, EXO-rw. With rho the summed log-ratio to the reference and r the rewards,

    q = softmax(beta_pi rho)    p = softmax(r / beta_r)    loss = sum q log(q / p)

and the gradient flows through q everywhere. DPO is the other direction, the cross-entropy of p against q. For two
candidates whose rewards give p = (1 - e, e) it is the pairwise EXO with label smoothing e.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.lists import several
from benchbench.core.method import Candidates, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of EXO."""

    beta_pi: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 in the authors' code for IMDb, 0.5 for HH and TL;DR."""
    beta_r: float = 0.1
    """Temperature of the rewards, in their unit, > 0; 0.1 in the authors' code for IMDb, 0.5 for HH and TL;DR."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta_pi", "beta_r")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta_pi * summed log-ratio to the reference."""
    return hyper.beta_pi * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] KL from the policy's distribution over the list to that of the rewards.

    Raises:
        ValueError: K is 1; there is nothing to choose between.
    """
    log_q = several(reward(scores, hyper)).log_softmax(dim=-1)
    log_p = (scores.reward.to(log_q) / hyper.beta_r).log_softmax(dim=-1)
    return (log_q.exp() * (log_q - log_p)).sum(dim=-1)


METHOD = Method(
    name="exo_k",
    paper=Paper(
        "Ji et al.",
        2024,
        arxiv="2402.00856",
        equation="16",
        title="Towards Efficient Exact Optimization of Language Model Alignment",
        note="The form with rewards (EXO-rw); the pairwise form is another method.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.REWARD}),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="The policy is pulled to a target over all candidates; the first one has no special part.",
    family=Family.LISTWISE,
    equation="q = softmax(beta_pi rho)    p = softmax(r / beta_r)\nloss = sum_i q_i log(q_i / p_i)",
    differs={"TRL exo_pair": "pairs alone, with p = (1 - label_smoothing, label_smoothing)"},
)
