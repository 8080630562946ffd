"""The loss of demonstrations: negative log-likelihood of the first candidate, over the step's chosen tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchbench.core.method import Over, Term
from benchbench.core.scores import Scores

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters: none."""


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, K] mean log-probability, nats per response token."""
    return scores.policy.mean()


def loss(scores: Scores, hyper: Hyper) -> Mapping[str, Term]:
    """One term: [B] negative log-likelihood of the first candidate, averaged over the step's chosen tokens."""
    return {"nll": Term(-scores.policy.sum()[:, 0], Over.CHOSEN_TOKENS)}
