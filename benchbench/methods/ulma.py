"""ULMA: likelihood of what is labelled good, and pointwise DPO against what is labelled bad.

Cai et al. 2023, arXiv:2312.02554. With rho the summed log-ratio to the reference and z the label of a candidate, 1 good
and 0 bad, a column of the data,

    loss = mean_i [ -z_i log pi(y_i) - (1 - z_i) log sigmoid(-beta rho_i) ]

In pointwise DPO, its `sigmoid` form, a good candidate has -log sigmoid(beta rho) instead; the partition function is
left out of both. Labels between 0 and 1 mix the two sides, which is ours: as remembered, the paper's continuous labels
have a squared error. From memory: neither paper nor code were read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of ULMA."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's, the paper's value is not known to us."""
    positives: Literal["likelihood", "sigmoid"] = "likelihood"
    """Loss of a good candidate: summed negative log-`likelihood`, or the `sigmoid` of pointwise DPO; from memory."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_one_of(self, "positives", "likelihood", "sigmoid")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] losses of good and bad candidates, averaged over a list."""
    score = reward(scores, hyper)
    good = scores.column("desirable").to(score)
    raised = scores.policy.sum() if hyper.positives == "likelihood" else F.logsigmoid(score)
    return -(good * raised + (1 - good) * F.logsigmoid(-score)).mean(dim=-1)


METHOD = Method(
    name="ulma",
    paper=Paper(
        "Cai et al.",
        2023,
        arxiv="2312.02554",
        title="ULMA: Unified Language Model Alignment with Human Demonstration and Point-wise Preference",
        note="Form from memory; values checked against an independent calculation of the pointwise form.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column("desirable", low=0.0, high=1.0, per="candidate"),),
    candidates=Candidates.ANY,
    monotone_in_chosen=False,
    monotone_reason="A candidate that is labelled bad is pushed down, the first one too.",
    variants={"default": {}, "pointwise_dpo": {"positives": "sigmoid"}},
    family=Family.POINTWISE,
    equation="loss = mean_i [ -z_i log pi(y_i) - (1 - z_i) log sigmoid(-beta rho_i) ]",
    open_question="Form and constants are from memory; neither the paper nor code of it was read.",
)
