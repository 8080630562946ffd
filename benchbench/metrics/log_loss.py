"""Log loss of a reward model: minus the log of the probability that it gives the pair's order, in nats.

-log sigmoid of the margin, what a Bradley-Terry reward model minimises in training; log 2 says nothing about any pair.
Proper and without bins as `brier`, and unbounded: one pair that is wrong with certainty can make it large. As for
`brier`, only rewards are measured, whose scale makes a probability.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] nats: log(1 + exp(-margin)), which cannot overflow."""
    return np.logaddexp(0.0, -scores.margin)


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(
    name="log_loss",
    unit="nats",
    direction="lower",
    value=value,
    per_pair=per_pair,
    scorings=("reward_model",),
)
