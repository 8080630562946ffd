"""XPO: DPO on fresh pairs, and a bonus for what the reference would not say.

Xie et al. 2024, arXiv:2405.21046, as TRL 1.12.0 computes it (trl/experimental/xpo). Of each pair one response is drawn
from the policy and one from the reference, and a label says which is chosen; the bonus, alpha times the summed
log-probability of the reference's response, makes that response less likely whichever side won. The column
`from_reference` has 1 for the response that the reference drew and 0 for the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Column, Family, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio, pair

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of XPO."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is TRL's."""
    alpha: float = 1e-5
    """Weight of the bonus, >= 0; 0 is DPO, 1e-5 is TRL's, the paper has no number."""
    loss_type: Literal["sigmoid", "ipo"] = "sigmoid"
    """The loss of a pair: DPO's (`sigmoid`) or IPO's on summed log-probabilities (`ipo`), as in TRL."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "alpha")
        require_one_of(self, "loss_type", "sigmoid", "ipo")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] loss of the pair, and [B] alpha times the log-probability of the reference's response."""
    chosen, rejected = pair(log_ratio(scores))
    margin = chosen - rejected
    if hyper.loss_type == "ipo":
        preference = (margin - 1 / (2 * hyper.beta)).square()
    else:
        preference = -F.logsigmoid(hyper.beta * margin)
    logp = scores.policy.sum()
    bonus = hyper.alpha * (scores.column("from_reference").to(logp) * logp).sum(dim=-1)
    return {"preference": Term(preference), "bonus": Term(bonus)}


METHOD = Method(
    name="xpo",
    paper=Paper(
        "Xie et al.",
        2024,
        arxiv="2405.21046",
        title=("Exploratory Preference Optimization: Harnessing Implicit Q*-Approximation for Sample-Efficient RLHF"),
        note="Values agree with TRL 1.12.0, XPOTrainer.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("from_reference", low=0.0, high=1.0, per="candidate"),),
    monotone_in_chosen=False,
    monotone_reason="A chosen response that the reference drew pays the bonus, which falls as it gets less likely.",
    variants={"default": {}, "ipo": {"loss_type": "ipo"}},
    family=Family.PAIRWISE,
    equation=(
        "L = -log sigmoid(beta h) + alpha log pi(y_ref|x), or (h - 1 / (2 beta))^2 + ...\n"
        "h = l_w - l_l, l = log pi(y|x) - log ref(y|x), summed\n"
        "y_ref: the response that the reference drew, chosen or not"
    ),
    differs={"TRL 1.12.0, XPOTrainer": "the same; alpha may change with the epoch"},
)
