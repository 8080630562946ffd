"""P2C, as a twin: a classifier of single responses that also learns which of two is preferred.

Kim et al. 2023, arXiv:2306.04925 (prefer to classify): a text classifier has, beside the cross-entropy of its task, an
auxiliary Bradley-Terry loss between the label-scores of two inputs, since a preference says more than two labels do.
There the two inputs are texts of a task of classification; here they are the responses to one prompt, which is why this
is a twin. The label-score is the number that `classification` ranks by: the log-odds of class 1 of two classes, the
expected class of more. Weight 0 is `classification`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column, Paper, Term
from benchbench.core.ranges import require, require_at_least, require_at_least_zero
from benchbench.core.reward_objective import HeadSpec, Network, RewardObjective, RewardScores
from benchbench.core.scores import pair
from benchbench.reward_objectives._classes import class_columns, class_loss, class_score

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the classifier and of its auxiliary loss."""

    classes: int = 2
    """Number of classes, 2 or more."""
    column: str | None = None
    """Column with the class of each response, a whole number from 0 (worst) to `classes` - 1; none takes the chosen one
    as class 1 and the rejected one as class 0."""
    weight: float = 1.0
    """Weight of the auxiliary loss, >= 0; 1 is ours, 0 is the plain classifier."""

    def __post_init__(self) -> None:
        require_at_least(self, 2, "classes")
        require_at_least_zero(self, "weight")
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


def loss(scores: RewardScores, hyper: Hyper) -> Mapping[str, Term]:
    """Two terms: [B] cross-entropy of both responses' classes, and the weighted loss of their order."""
    chosen, rejected = pair(class_score(scores.outputs))
    return {
        "classes": Term(class_loss(scores, hyper.column)),
        "preference": Term(-hyper.weight * F.logsigmoid(chosen - rejected)),
    }


OBJECTIVE = RewardObjective(
    name="p2c_twin",
    paper=Paper(
        "Kim et al.",
        2023,
        arxiv="2306.04925",
        title="Prefer to Classify: Improving Text Classifiers via Auxiliary Preference Learning",
        note="A text form on responses; its pairs are of inputs of a classification task. The number is from memory.",
    ),
    hyper=Hyper,
    loss=loss,
    score=score,
    head=head,
    columns=columns,
    is_shift_free=False,
    family="pairwise",
    equation="L = -mean_k log softmax(o_k)[class_k] - weight log s(r_w - r_l)\nr_k = o_k1 - o_k0, or sum_c c p_kc",
    open_question="The weight of the auxiliary loss, which label's score it compares, and whether it has a head of its "
    "own were not read.",
)
