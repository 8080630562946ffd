"""SPAC: a preference loss, and a critic term that makes samples of the last policy less likely than they were.

Ji et al. 2024, arXiv:2406.04274, in the form without the authors' practical changes: lambda times the mean log-ratio of
samples of the policy that the round starts from, to that policy. The column `from_previous` has the weight in that mean
of each response of the pair: 1 for those that this policy drew. That the preference loss is DPO's against the reference
is an assumption; the practical form has the chosen and the rejected response in the critic term too, smoothed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Family, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair, previous_log_ratio, weighted_mean

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of SPAC."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    critic_weight: float = 0.001
    """Weight of the critic term, >= 0, lambda in the paper; 0 is DPO, 0.001 is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "critic_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] DPO loss, and [B] weighted mean log-ratio of the last policy's samples to that policy."""
    chosen, rejected = pair(reward(scores, hyper))
    critic = weighted_mean(previous_log_ratio(scores), scores.column("from_previous"))
    return {"preference": Term(-F.logsigmoid(chosen - rejected)), "critic": Term(hyper.critic_weight * critic)}


METHOD = Method(
    name="spac",
    paper=Paper(
        "Ji et al.",
        2024,
        arxiv="2406.04274",
        title="Self-Play with Adversarial Critic: Provable and Scalable Offline Alignment for Language Models",
        note="The form is a third party's; the paper was not read.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.PREVIOUS}),
    columns=(Column("from_previous", low=0.0, high=1.0, per="candidate"),),
    monotone_in_chosen=False,
    monotone_reason="A chosen response that the last policy drew costs more in the critic term the likelier it is.",
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta h) + lambda mean over y' of log pi(y') - log previous(y')\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed; y' from previous"
    ),
    open_question=(
        "The anchor of the preference loss and lambda are not known, and the practical form smooths the critic term."
    ),
)
