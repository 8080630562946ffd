"""SAMI: a response is told from another one by the context that it was written under, and the other way round.

Fraenken et al. 2024, arXiv:2404.14313. Two responses to a query, each written under a context of its own (principles),
are both scored under both contexts, S[i, j] = log pi(y_i | x, c_j), and the loss is the cross-entropy of the diagonal
in rows and columns, a bound on the mutual information of context and response:

    loss = -(1/4) sum_i [ log softmax_j S[i, j] at j = i + log softmax_j S[j, i] at j = i ]

No preference labels and no reference model. The paper draws responses anew in each round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core.method import Candidates, Family, Method, Paper
from benchbench.core.ranges import require_one_of
from benchbench.core.scores import Scores, each_of

if TYPE_CHECKING:
    from torch import Tensor

CONTEXTS = 2
"""Contexts, and responses, of a query."""


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of SAMI."""

    score: Literal["sum", "mean"] = "sum"
    """Log-probability of a response: one of sum (nats) and mean (nats per token); sum is ours, see open_question."""

    def __post_init__(self) -> None:
        require_one_of(self, "score", "sum", "mean")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 4] log-probability of each response under each context, response by response."""
    return scores.policy.sum() if hyper.score == "sum" else scores.policy.mean()


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] mean over rows and columns of the cross-entropy of the diagonal."""
    values = reward(scores, hyper)
    each_of(values, CONTEXTS**2)
    table = values.unflatten(-1, (CONTEXTS, CONTEXTS))  # [B, response, context]
    rows, columns = table.log_softmax(dim=-1), table.log_softmax(dim=-2)
    return -(rows + columns).diagonal(dim1=-2, dim2=-1).mean(dim=-1) / 2


METHOD = Method(
    name="sami",
    paper=Paper(
        "Fraenken et al.",
        2024,
        arxiv="2404.14313",
        title=(
            "Self-Supervised Alignment with Mutual Information: Learning to Follow Principles without Preference Labels"
        ),
        note="Written from the description of the objective.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    candidates=Candidates.ANY,
    roles=("first_under_first", "first_under_second", "second_under_first", "second_under_second"),
    variants={"default": {}, "mean": {"score": "mean"}},
    family=Family.LISTWISE,
    equation=("S_ij = log pi(y_i | x, c_j)\nloss = -(1/4) sum_i [ log softmax_j S_ij at i + log softmax_j S_ji at i ]"),
    differs={"the paper": "any number of contexts per query; here two"},
    open_question="Whether log-probabilities are sums or means, and the numbers of contexts, were not verified.",
)
