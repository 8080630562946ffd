"""BCO: a binary classifier of desirable and undesirable responses whose reward is shifted by its own running mean.

Jung et al. 2024, arXiv:2404.04656. With r = beta * summed log-ratio to the reference and delta the running mean of the
rewards, which takes the step in before its loss reads it and has no gradient:

    desirable: -log sigmoid(r - delta)        undesirable: -log sigmoid(-(r - delta))

The means weigh every reward seen so far alike, as in TRL 1.0.0, trl/experimental/bco/bco_trainer.py. The paper's
weights of undesirable prompts (UDM) need a classifier of prompts and are not built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from benchbench.core import functional as F
from benchbench.core.method import Candidates, Carried, Column, Family, Method, Need, Paper
from benchbench.core.ranges import require_above_zero, require_one_of
from benchbench.core.scores import Scores, log_ratio, single

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Hyper:
    """Hyper-parameters of BCO."""

    beta: float = 0.01
    """Reward per nat of summed log-ratio, > 0; 0.01 is the paper's as TRL's page quotes it, TRL's default is 0.1."""
    shift: Literal["half_means", "pooled"] = "half_means"
    """One of half_means (half the sum of the two classes' mean rewards, the paper's) and pooled (of all, TRL's)."""

    def __post_init__(self) -> None:
        require_above_zero(self, "beta")
        require_one_of(self, "shift", "half_means", "pooled")


def reward(scores: Scores, hyper: Hyper) -> Tensor:
    """[B, 1] beta * summed log-ratio to the reference, not shifted."""
    return hyper.beta * log_ratio(scores)


def start(hyper: Hyper) -> Mapping[str, float]:
    """Sums and counts of the rewards of both classes so far."""
    return dict.fromkeys(("desirable", "desirable_count", "undesirable", "undesirable_count"), 0.0)


def advance(scores: Scores, hyper: Hyper) -> Mapping[str, Tensor]:
    """The same with the step's rewards."""
    rewards = reward(scores, hyper)[:, 0]
    label = scores.column(Column.LABEL.name).to(rewards)
    return {
        "desirable": scores.carried("desirable") + (label * rewards).sum(),
        "desirable_count": scores.carried("desirable_count") + label.sum(),
        "undesirable": scores.carried("undesirable") + ((1 - label) * rewards).sum(),
        "undesirable_count": scores.carried("undesirable_count") + (1 - label).sum(),
    }


def shift(scores: Scores, hyper: Hyper) -> Tensor:
    """[] delta, without gradient; a class that was not seen yet counts with a mean of 0."""
    sums, counts = ([scores.carried(name) for name in names] for names in (_SUMS, _COUNTS))
    if hyper.shift == "pooled":
        return (sums[0] + sums[1]) / (counts[0] + counts[1]).clamp(min=1)
    means = [total / count.clamp(min=1) for total, count in zip(sums, counts, strict=True)]
    return (means[0] + means[1]) / 2


def loss(scores: Scores, hyper: Hyper) -> Tensor:
    """[B] binary cross-entropy of the shifted reward.

    Raises:
        ValueError: K is not 1; each response has a label of its own.
    """
    beyond = single(reward(scores, hyper)) - shift(scores, hyper)
    label = scores.column(Column.LABEL.name).to(beyond)
    return -label * F.logsigmoid(beyond) - (1 - label) * F.logsigmoid(-beyond)


_SUMS, _COUNTS = ("desirable", "undesirable"), ("desirable_count", "undesirable_count")
METHOD = Method(
    name="bco",
    paper=Paper(
        "Jung et al.",
        2024,
        arxiv="2404.04656",
        title="Binary Classifier Optimization for Large Language Model Alignment",
        note="Checked against TRL 1.0.0, trl/experimental/bco/bco_trainer.py.",
    ),
    hyper=Hyper,
    loss=loss,
    reward=reward,
    needs=frozenset({Need.REFERENCE}),
    columns=(Column.LABEL,),
    candidates=Candidates.LABELLED,
    carried=Carried(start=start, advance=advance),
    monotone_in_chosen=False,
    monotone_reason="An undesirable response costs more the more likely it is.",
    variants={"default": {}, "pooled": {"shift": "pooled"}},
    family=Family.POINTWISE,
    equation=(
        "r = beta (lp(y) - lr(y))\n"
        "delta = (mean of desirable r + mean of undesirable r) / 2\n"
        "desirable:   -log sigmoid(r - delta)\n"
        "undesirable: -log sigmoid(delta - r)"
    ),
    differs={
        "the paper": "adds the means of the two classes, and has UDM; here, as in TRL, one mean over all responses, "
        "half of that sum where both classes are as large",
        "TRL 1.0.0": "variant `pooled`; has UDM, too",
        "TRL 1.16.0": "bco_pair has no shift: `bco_noshift`",
    },
)
