"""The running means of rewards by which BCO shifts them, shared by its forms.

Jung et al. 2024, arXiv:2404.04656. They weigh every reward seen so far alike, as in TRL 1.0.0,
trl/experimental/bco/bco_trainer.py, take a step's rewards in before its loss reads them, and have no gradient.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

from benchbench.core import functional as F
from benchbench.core.method import Column
from benchbench.core.scores import Scores, log_ratio, single

if TYPE_CHECKING:
    from torch import Tensor


class Shifted(Protocol):
    """Hyper-parameters of a form of BCO."""

    @property
    def beta(self) -> float:
        """Reward per nat of summed log-ratio."""
        ...

    @property
    def shift(self) -> Literal["half_means", "pooled"]:
        """Half the sum of the two classes' mean rewards, or the mean of all."""
        ...


def reward(scores: Scores, hyper: Shifted) -> Tensor:
    """[B, 1] beta * summed log-ratio to the reference, not shifted."""
    return hyper.beta * log_ratio(scores)


def start(hyper: Any) -> Mapping[str, float]:
    """Sums and counts of the rewards of both classes so far."""
    return dict.fromkeys(("desirable", "desirable_count", "undesirable", "undesirable_count"), 0.0)


def advance(scores: Scores, hyper: Shifted) -> Mapping[str, Tensor]:
    """The same with the step's rewards."""
    rewards = reward(scores, hyper)[:, 0]
    label = scores.column(Column.LABEL.name).to(rewards)
    return {
        "desirable": scores.carried("desirable") + (label * rewards).sum(),
        "desirable_count": scores.carried("desirable_count") + label.sum(),
        "undesirable": scores.carried("undesirable") + ((1 - label) * rewards).sum(),
        "undesirable_count": scores.carried("undesirable_count") + (1 - label).sum(),
    }


def shift(scores: Scores, hyper: Shifted) -> Tensor:
    """[] delta, without gradient; a class that was not seen yet counts with a mean of 0."""
    sums, counts = ([scores.carried(name) for name in names] for names in (_SUMS, _COUNTS))
    if hyper.shift == "pooled":
        return (sums[0] + sums[1]) / (counts[0] + counts[1]).clamp(min=1)
    means = [total / count.clamp(min=1) for total, count in zip(sums, counts, strict=True)]
    return (means[0] + means[1]) / 2


def both_sides(scores: Scores, hyper: Shifted) -> tuple[Tensor, Tensor]:
    """[B] what each response costs as a desirable and as an undesirable one, each times its share of that label.

    Raises:
        ValueError: K is not 1; each response has a label of its own.
    """
    beyond = single(reward(scores, hyper)) - shift(scores, hyper)
    label = scores.column(Column.LABEL.name).to(beyond)
    return -label * F.logsigmoid(beyond), -(1 - label) * F.logsigmoid(-beyond)


_SUMS, _COUNTS = ("desirable", "undesirable"), ("desirable_count", "undesirable_count")
