"""Classification: every response by itself is put into a class, good or bad, or one of several grades.

Askell et al. 2021, arXiv:2112.00861, binary discrimination: chosen responses are good, rejected ones bad. With a
column, its classes 0 (worst) to C - 1 are learned by cross-entropy; the reward is the expected class, for two classes
the log-odds of good, which has the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require, require_at_least
from benchbench.core.reward_objective import HeadSpec, Network, RewardObjective, RewardScores
from benchbench.reward_objectives._classes import class_columns, class_loss, class_score

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of classification."""

    classes: int = 2
    """Number of classes, 2 or more."""
    column: str | None = None
    """Column with the class of each response, a whole number from 0 (worst) to `classes` - 1; none takes the first
    candidate as class 1 and the others as class 0."""

    def __post_init__(self) -> None:
        require_at_least(self, 2, "classes")
        require(
            self.column is not None or self.classes == 2, "classes", "2, since no column names others", self.classes
        )


def head(hyper: Hyper) -> HeadSpec:
    """One output per class."""
    return HeadSpec(Network(hyper.classes))


def columns(hyper: Hyper) -> tuple[Column, ...]:
    """The column of the classes, where there is one."""
    return class_columns(hyper.classes, hyper.column)


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] log-odds of class 1 of two, or the expected class of more, in [0, classes - 1]."""
    return class_score(scores.outputs)


def takes_order(hyper: Hyper) -> bool:
    """Whether the order of the data counts."""
    return hyper.column is None


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] cross-entropy of the classes, averaged over the candidates; a class between two is the nearer one."""
    return class_loss(scores, hyper.column)


OBJECTIVE = RewardObjective(
    name="classification",
    paper=Paper(
        "Askell et al.",
        2021,
        arxiv="2112.00861",
        title="A General Language Assistant as a Laboratory for Alignment",
        note="Cross-entropy by definition; several grades are ours.",
    ),
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    columns=columns,
    takes_order=takes_order,
    candidates=Candidates.ANY,
    is_shift_free=False,
    family="pointwise",
    equation="L = -mean_k log softmax(o_k)[class_k];  r_k = o_k1 - o_k0, or sum_c c p_kc",
)
