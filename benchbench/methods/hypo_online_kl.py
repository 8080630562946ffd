"""HyPO: DPO on the data's pairs, and the KL to the reference on responses that the policy draws at each step.

Song et al. 2024, arXiv:2406.01462: offline pairs for the contrast, fresh unlabelled draws for the KL. The gradient of
the KL is E[ d grad S ] with d = S_policy - S_reference of the policy's draws, so the term of a prompt with M draws is

    kl_weight * mean over draws of  sg[ d - mean of the others' d ] * S_policy

whose value means nothing and whose gradient has the KL's as its mean. Differentiating the mean of d itself would give
noise of mean zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core import policy_gradient as pg
from benchbench.core.method import Family, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of HyPO; the paper's own values could not be read."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio on the data's pairs, > 0; the default is ours."""
    kl_weight: float = 0.1
    """Weight of the KL on fresh draws, in units of the loss per nat, >= 0; 0 is DPO, the default is ours."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "kl_weight")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> dict[str, Term]:
    """DPO's term, and the one whose gradient is that of the KL.

    Raises:
        ValueError: K is not 2, or a prompt has a single fresh draw, which leaves nothing to compare it with.
    """
    chosen, rejected = pair(reward(scores, hyper))
    fresh = scores.fresh
    pg.require_several(fresh)
    likelihood = fresh.policy.sum()
    gap = likelihood.detach() - fresh.reference.sum()
    surrogate = (pg.leave_one_out(gap) * likelihood).mean(dim=-1)
    return {"dpo": Term(-F.logsigmoid(chosen - rejected)), "kl": Term(hyper.kl_weight * surrogate)}


METHOD = Method(
    name="hypo_online_kl",
    paper=Paper(
        "Song et al.",
        2024,
        arxiv="2406.01462",
        title="The Importance of Online Data: Understanding Preference Fine-tuning via Coverage",
        note="The loss is that of the abstract; neither equations nor code could be read.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE, Need.FRESH}),
    on_policy=True,
    logistic=True,
    family=Family.PAIRWISE,
    equation=(
        "-log sigmoid(beta (h_w - h_l)) + kl_weight KL(pi || ref) on draws of pi\n"
        "gradient of the KL: mean of sg[d - mean of the others' d] grad S\n"
        "d = S - S_ref of the draw"
    ),
    collisions=("Hybrid-DPO (arXiv:2602.11902) is called HyPO, too: DPO with the reference's gap clipped.",),
    open_question="Whether the paper clips the log-ratios of its KL term could not be read.",
)
