"""Methods that break one promise each, made of a loss that keeps them all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from benchbench.core.method import Method, Paper
from benchbench.core.scores import Scores, pair


@dataclass(frozen=True)
class Hyper:
    """None."""


def reward(scores: Scores, hyper: Any) -> Tensor:
    """[B, K] mean log-probability."""
    return scores.policy.mean()


def logistic(scores: Scores, hyper: Any) -> Tensor:
    """[B] a loss without fault."""
    chosen, rejected = pair(scores.policy.mean())
    return -F.logsigmoid(chosen - rejected)


def method(loss: Callable[[Scores, Any], Any] = logistic, **fields: Any) -> Method:
    """A method with that loss; fields as given."""
    given = {"name": "mine", "paper": Paper("Nobody", 2026), "hyper": Hyper, "reward": reward, **fields}
    return Method(loss=loss, **given)
