"""SAMI: a response is told from another one by the context that it was written under, and the other way round.

Fraenken et al. 2024, arXiv:2404.14313. Two responses to a query, each written under a context of its own (principles),
are both scored under both contexts, S[i, j] = log pi(y_i | x, c_j) / |y_i|, and the loss is the cross-entropy of the
diagonal in rows and columns, a bound on the mutual information of context and response:

    loss = -(1/4) sum_i [ log softmax_j S[i, j] at j = i + log softmax_j S[j, i] at j = i ]

No preference labels and no reference model. The paper draws responses anew in each round. Log-probabilities are means
over tokens in the authors' code, janphilippfranken/sami at 051c7dc, with an optional divergence whose weight is 0.
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

    score: Literal["mean", "sum"] = "mean"
    """Log-probability of a response: `mean` (nats per token), as in the authors' code, or `sum` (nats)."""

    def __post_init__(self) -> None:
        require_one_of(self, "score", "mean", "sum")


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
        note="Compared with janphilippfranken/sami at 051c7dc, sami_trainer.py, and its two contexts.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    candidates=Candidates.ANY,
    roles=("first_under_first", "first_under_second", "second_under_first", "second_under_second"),
    variants={"default": {}, "sum": {"score": "sum"}},
    family=Family.LISTWISE,
    equation=(
        "S_ij = log pi(y_i | x, c_j) / |y_i|\nloss = -(1/4) sum_i [ log softmax_j S_ij at i + log softmax_j S_ji at i ]"
    ),
    differs={"the paper": "any number of contexts per query; here two"},
)
