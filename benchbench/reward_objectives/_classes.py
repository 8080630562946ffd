"""What classifiers of responses have: a class for each, its cross-entropy, and a reward made of the logits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchbench.core import functional as F
from benchbench.core.method import Column

if TYPE_CHECKING:
    from torch import Tensor

    from benchbench.core.reward_objective import RewardScores


def class_columns(classes: int, column: str | None) -> tuple[Column, ...]:
    """The column of the classes, where there is one."""
    return () if column is None else (Column(column, 0, classes - 1, per="candidate"),)


def class_score(logits: Tensor) -> Tensor:
    """[B, K] log-odds of class 1 of two, or the expected class of more, in [0, C - 1], from logits [B, K, C]."""
    if logits.shape[-1] == 2:
        return logits[..., 1] - logits[..., 0]
    grades = logits.new_tensor(range(logits.shape[-1]))
    return (logits.softmax(dim=-1) * grades).sum(dim=-1)


def class_loss(scores: RewardScores, column: str | None) -> Tensor:
    """[B] cross-entropy of the classes, averaged over the candidates; a class between two is the nearer one.

    Without a column the first candidate is of class 1, and the others are of class 0.
    """
    logits = scores.outputs  # [B, K, C]
    if column is None:
        target = logits.new_zeros(logits.shape[:2])
        target[:, 0] = 1
    else:
        target = scores.column(column)
    flat = F.cross_entropy(logits.flatten(0, 1), target.round().long().flatten(), reduction="none")
    return flat.reshape(logits.shape[:2]).mean(dim=-1)
