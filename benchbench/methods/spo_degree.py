"""Self-supervised degrees: DPO, and a head that says how much of a response's content was taken away.

Li et al. 2024, arXiv:2409.17791. Of both responses there are copies with more and more key content removed (transform
`degrade`, column `degree`, 0 for the response itself); a head on the hidden state that predicts a response's last token
is to tell the degrees apart:

    loss = DPO(chosen, rejected) + gamma mean over all texts of the cross-entropy of the degree

The authors' repository holds a licence alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Column, Family, Head, Method, Need, Paper, Term
from benchbench.core.ranges import require_above_zero, require_at_least_zero
from benchbench.core.scores import Scores, each_of, log_ratio

if TYPE_CHECKING:
    from torch import Tensor

DEGREES = 3
"""Degraded copies of each response."""
DEGREE = Column("degree", low=0, high=DEGREES, per="candidate")
"""How much was removed: 0 nothing, then by rising degree."""


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of DPO with degrees."""

    beta: float = 0.1
    """Reward per nat of summed log-ratio, > 0; 0.1 is DPO's."""
    gamma: float = 0.1
    """Weight of the degrees' cross-entropy, >= 0; 0.1 is ours, the paper's was not seen; 0 is DPO."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_at_least_zero(self, "gamma")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 8] beta * summed log-ratio to the reference."""
    return hyper.beta * log_ratio(scores)


def degree_loss(scores: Scores) -> Tensor:
    """[B] mean cross-entropy of the texts' degrees; one between two whole numbers is part of both."""
    logits = scores.head  # [B, K, DEGREES + 1]
    degree = scores.column(DEGREE.name).to(logits)[..., None]
    classes = logits.new_ones(logits.shape[-1]).cumsum(dim=-1) - 1  # 0, 1, ..., DEGREES
    target = F.relu(1 - (degree - classes).abs())
    return -(target * logits.log_softmax(dim=-1)).sum(dim=-1).mean(dim=-1)


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] DPO of the pair, and [B] weighted cross-entropy of the degrees."""
    chosen, rejected, *_ = each_of(reward(scores, hyper), len(METHOD.roles))
    degrees = degree_loss(scores).to(chosen)
    return {"preference": Term(-F.logsigmoid(chosen - rejected)), "degree": Term(hyper.gamma * degrees)}


METHOD = Method(
    name="spo_degree",
    paper=Paper(
        "Li et al.",
        2024,
        arxiv="2409.17791",
        title="Self-supervised Preference Optimization: Enhance Your Language Model with Preference Degree Awareness",
        note="Written from the abstract; the repository that it names, lijian16/SPO, was not found.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(DEGREE,),
    candidates=Candidates.ANY,
    roles=("chosen", "rejected", *("degraded",) * (2 * DEGREES)),
    head=Head(outputs=lambda hyper: DEGREES + 1, place="response"),
    family=Family.PAIRWISE,
    equation=(
        "loss = -log sigmoid( beta (rho_w - rho_l) )\n"
        "       + gamma mean_i CE( softmax(W h_i), degree_i )\n"
        "h_i: state that predicts the last token of text i, of the pair and its copies"
    ),
    collisions=("SPO is also self-play preference optimisation, arXiv:2401.04056.",),
    open_question="Degrees, the place of the head, its loss over both sides and gamma were not verified.",
)
