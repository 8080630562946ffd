"""Pearson correlation over pairs of the margin with how many tokens longer the chosen response is.

Summed log-probabilities fall with length, so theirs is near -1; a reward that follows length is near 1. 0 says that
length explains nothing in a straight line.
"""

from __future__ import annotations

import math

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def value(scores: PairScores) -> float:
    """Correlation in [-1, 1]; NaN where margins or length differences are all equal."""
    if undefined(scores):
        return math.nan
    return float(np.corrcoef(scores.margin, _longer(scores))[0, 1])


def undefined(scores: PairScores) -> str:
    """Said where either has no spread."""
    for name, values in (("margins", scores.margin), ("length differences", _longer(scores))):
        if values.max() == values.min():
            return f"all {name} are equal"
    return ""


def _longer(scores: PairScores) -> Array:
    chosen, rejected = scores.stored["n_tokens"]
    return chosen - rejected


METRIC = Metric(
    name="margin_length_correlation",
    unit="correlation",
    direction="none",
    value=value,
    reads=("n_tokens",),
    undefined=undefined,
)
