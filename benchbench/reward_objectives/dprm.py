"""DPRM: a distribution over grades for each response, at an optimal-transport distance from the annotators' grades.

Li et al. 2024, arXiv:2402.09764, categorical form. The head gives a distribution over C grades
0 to C - 1; the loss is its distance to the histogram of the annotators' grades, which on a line is the sum of the
absolute differences of the cumulative distributions. The reward is the expected grade. With all annotators at one grade
g the distance is the mean |grade - g|.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.ranges import require_at_least
from benchbench.core.reward_objective import HeadSpec, Network, RewardObjective, RewardScores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of the distribution."""

    grades: int = 5
    """Number of grades C, 2 or more; 5 is ours."""
    prefix: str = "grade"
    """The columns `prefix_0` to `prefix_(C-1)` have the number or share of annotators that gave each response that
    grade."""

    def __post_init__(self) -> None:
        require_at_least(self, 2, "grades")


def head(hyper: Hyper) -> HeadSpec:
    """One logit per grade."""
    return HeadSpec(Network(hyper.grades))


def columns(hyper: Hyper) -> tuple[Column, ...]:
    """The columns of the histogram."""
    return tuple(Column(f"{hyper.prefix}_{grade}", low=0.0, per="candidate") for grade in range(hyper.grades))


def score(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B, K] expected grade, in [0, C - 1]."""
    grades = scores.outputs.new_tensor(range(hyper.grades))
    return (F.softmax(scores.outputs, dim=-1) * grades).sum(dim=-1)


def takes_order(hyper: Hyper) -> bool:
    """No: the ratings say what is better."""
    return False


def loss(scores: RewardScores, hyper: Hyper) -> Tensor:
    """[B] transport distance in grades, averaged over the candidates; one without any annotator costs nothing."""
    predicted = F.softmax(scores.outputs, dim=-1)
    counts = [
        scores.column(f"{hyper.prefix}_{grade}").to(predicted.dtype) for grade in range(hyper.grades)
    ]  # [B, K] each
    total = sum(counts[1:], start=counts[0])
    judged = total.where(total > 0, 1.0)
    apart = predicted[..., 0] - counts[0] / judged  # difference of the cumulative distributions
    distance = apart.abs()
    for grade in range(1, hyper.grades - 1):
        apart = apart + predicted[..., grade] - counts[grade] / judged
        distance = distance + apart.abs()
    return distance.where(total > 0, 0.0).mean(dim=-1)


OBJECTIVE = RewardObjective(
    name="dprm",
    paper=Paper(
        "Li et al.",
        2024,
        arxiv="2402.09764",
        title="Aligning Crowd Feedback via Distributional Preference Reward Modeling",
        note="Categorical form; the Beta form and the Bayesian update of the annotators are not part of it.",
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
    equation="L = mean_k sum_c |P_k(<= c) - Q_k(<= c)|;  r_k = sum_c c p_kc",
    open_question="Distance, grades and labels are from the abstract and memory; no code of the paper was found.",
)
