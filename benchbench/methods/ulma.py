"""ULMA: likelihood of what is labelled good, and pointwise DPO against what is labelled bad.

Cai et al. 2023, arXiv:2312.02554. With rho the summed log-ratio to the reference and z the label of a candidate, 1 good
and 0 bad, a column of the data,

    loss = mean_i [ -z_i log pi(y_i) - (1 - z_i) log sigmoid(-beta rho_i) ]

In pointwise DPO, its `sigmoid` form, a good candidate has -log sigmoid(beta rho) instead; the partition function is
left out of both. Labels between 0 and 1 mix the two sides, which is ours: the authors' code has a squared error for
continuous labels. Both forms were compared with that code, Unified-Language-Model-Alignment/src at ea895ab; the paper
was not read.
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
    """Reward per nat of summed log-ratio, > 0; 0.1 is the default of the authors' code."""
    positives: Literal["likelihood", "sigmoid"] = "likelihood"
    """Loss of a good candidate: summed negative log-`likelihood`, or the `sigmoid` of pointwise DPO; the
    first is the default of the authors' code."""

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
        note="Compared with the authors' code, src/llmtuner/tuner/ulma/trainer.py; the paper was not read.",
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
    differs={
        "Unified-Language-Model-Alignment/src ea895ab": "log-probabilities are means per token, and the mean over the "
        "good of a batch is added to the mean over the bad",
    },
)
