"""What the members of an ensemble, or passes with dropout, agree on about a pair, and how far they do not.

With p_m the probability of member m that the first response is preferred, `uncertainty` is H(mean p) - mean H(p), the
part of the entropy that comes from the members' disagreement (BALD), in nats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import Literal

from benchbench.core.example import Example
from benchbench.core.logistic import sigmoid
from benchbench.core.method import Candidates, Column, Paper
from benchbench.core.transform import Transform, Transformed
from benchbench.data.derivation import expand, number_of, scores_of, with_columns

_TINY = 1e-10
"""Added within logarithms, as in the code that the formula was checked against."""


@dataclass(frozen=True)
class Options:
    """Where the members' answers stand.

    Raises:
        ValueError: fewer than two members, or one twice.
    """

    members: list[str]
    """Names of the columns of the members, two or more."""
    kind: Literal["scores", "probabilities"] = "scores"
    """`scores`: a member's column has a score per candidate, and p = sigmoid(s_first - s_second); `probabilities`: it
    has p itself, a number per example."""

    def __post_init__(self) -> None:
        if len(self.members) < 2 or len({*self.members}) < len(self.members):
            raise ValueError(f"members: expected two or more different columns, got {self.members}")


def entropy(p: float) -> float:
    """Entropy of a coin in nats, in [0, log 2]."""
    return max(0.0, -(p * math.log(p + _TINY) + (1 - p) * math.log(1 - p + _TINY)))


def disagreement(probabilities: Sequence[float]) -> float:
    """H(mean p) - mean H(p) in nats, in [0, log 2]; 0 where all members say the same."""
    count = len(probabilities)
    return max(0.0, entropy(math.fsum(probabilities) / count) - math.fsum(map(entropy, probabilities)) / count)


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Pairs with `p_mean`, `uncertainty`, and mean and standard deviation (by n - 1) of the log-odds, in nats.

    The seed is not read.
    """

    def rule(example: Example) -> Sequence[Example] | str:
        margins = [_log_odds(example, member, options.kind) for member in options.members]
        if any(margin != margin for margin in margins):
            return "answer of a member missing"
        ps = [sigmoid(margin) for margin in margins]
        mean = math.fsum(margins) / len(margins)
        p_mean = math.fsum(ps) / len(ps)
        return [
            with_columns(
                example, p_mean=p_mean, uncertainty=disagreement(ps), margin_mean=mean, margin_sd=stdev(margins)
            )
        ]

    return expand(examples, rule)


def _log_odds(example: Example, member: str, kind: str) -> float:
    """Log-odds of the first response by a member, NaN where missing; those of 0 and 1 are kept finite."""
    if kind == "scores":
        scores = scores_of(example, member)
        return math.nan if scores is None else scores[0] - scores[1]
    p = number_of(example, member)
    return math.log(p + _TINY) - math.log(1 - p + _TINY)


def _reads(options: Options) -> tuple[Column, ...]:
    if options.kind == "scores":
        return tuple(Column(name, per="candidate", missing="keep") for name in options.members)
    return tuple(Column(name, low=0.0, high=1.0, missing="keep") for name in options.members)


TRANSFORM = Transform(
    name="ensemble_uncertainty",
    options=Options,
    apply=apply,
    reads=_reads,
    makes_columns=("p_mean", "uncertainty", "margin_mean", "margin_sd"),
    candidates=Candidates.PAIR,
    version=2,
    paper=Paper(
        "Melo et al.",
        2024,
        arxiv="2406.10023",
        title="Deep Bayesian Active Learning for Preference Modeling in Large Language Models",
        note="luckeciano/BAL-PM at f4af76a; the same score in wjn1996/Uncertainty-Preference-Optimization at 29a1c21.",
    ),
)
