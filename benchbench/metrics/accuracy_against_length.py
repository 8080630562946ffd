"""Pair accuracy where length misleads: over the pairs whose chosen response has fewer scored tokens.

A score of nothing but length has 0 here, whatever its accuracy over all pairs. For summed log-probabilities, which
favour the shorter response, it is the easy half instead: read it beside `pair_accuracy`. Ties earn the tie credit.
"""

from __future__ import annotations

import math

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def value(scores: PairScores) -> float:
    """Mean over those pairs; NaN where there are none."""
    shorter = _shorter(scores)
    points = np.where(scores.chosen == scores.rejected, scores.tie_credit, scores.chosen > scores.rejected)
    return float(points[shorter].mean()) if shorter.any() else math.nan


def undefined(scores: PairScores) -> str:
    """Said where no chosen response is the shorter one."""
    return "" if _shorter(scores).any() else "no chosen response is the shorter one"


def _shorter(scores: PairScores) -> Array:
    chosen, rejected = scores.stored["n_tokens"]
    return chosen < rejected


METRIC = Metric(
    name="accuracy_against_length",
    unit="fraction",
    direction="higher",
    value=value,
    reads=("n_tokens",),
    undefined=undefined,
)
