"""What `calibration_error` would be of a perfectly calibrated reward model with the same probabilities.

Bins of few pairs are off by chance, so the error of a calibrated model is above 0; an error near this floor is no sign
of miscalibration. A bin's gap is a sum of independent terms that are right with the model's own probabilities: the mean
of its size is taken as that of a normal variable of the same variance, sqrt(2 variance / pi). For one pair with
probabilities 3/4 and 1/4 that is 8 % too low; against simulated labels it was within 6 % at 30 pairs and within 3 %
from 100 on.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores

BINS = 15
"""Of `calibration_error`."""
_UNIT = 2.0**30
"""Variances are whole numbers of its inverse, so that their sums are exact in any order."""


def value(scores: PairScores) -> float:
    """Sum over bins of the expected gap, by the number of confidences."""
    return float(resampled(scores, np.ones((1, len(scores.margin))))[0])


def resampled(scores: PairScores, counts: Array) -> Array:
    """[draws] of every draw of a bootstrap over prompts."""
    p = 0.5 + 0.5 * np.tanh(scores.margin / 2)  # [n] probability of the pair's order
    ways = [np.eye(BINS)[np.minimum((side * BINS).astype(np.int64), BINS - 1)] for side in (p, 1 - p)]
    members = np.abs(ways[0] - ways[1])  # [n, bins]; both ways in one bin cancel out
    variance = counts @ (members * np.round(p * (1 - p) * _UNIT)[:, None]) / _UNIT  # [draws, bins]
    return np.sqrt(2 / np.pi * variance).sum(axis=1) / (2 * counts.sum(axis=1))


METRIC = Metric(
    name="calibration_floor",
    unit="probability",
    direction="none",
    value=value,
    resampled=resampled,
    scorings=("reward_model",),
    version=2,
)
