"""Sensitivity d': the distance of the mean scores of chosen and rejected responses in their common standard deviation.

(mean(w) - mean(l)) / sqrt((var(w) + var(l)) / 2) of signal detection (Green and Swets 1966), population variances. Free
of the scale of the score, so methods may be compared on it; like `auc`, to which it corresponds under normal scores as
Phi(d' / sqrt 2), it asks for scores that are comparable between prompts. `margin_over_sd` does not.
"""

from __future__ import annotations

import math

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def value(scores: PairScores) -> float:
    """Difference of means over the root mean variance; NaN where neither side has a spread."""
    sd = math.sqrt((scores.chosen.var() + scores.rejected.var()) / 2)
    return float(scores.margin.mean()) / sd if sd > 0 else math.nan


def drawn(scores: PairScores, places: Array) -> Array:
    """Of every draw of a bootstrap over prompts."""
    variances = scores.chosen[places].var(axis=1) + scores.rejected[places].var(axis=1)
    sd = np.sqrt(variances / 2)
    return scores.margin[places].mean(axis=1) / np.where(sd > 0, sd, math.nan)


def undefined(scores: PairScores) -> str:
    """Said where all scores of each side are equal."""
    flat = scores.chosen.max() == scores.chosen.min() and scores.rejected.max() == scores.rejected.min()
    return "the scores of each side are all equal" if flat else ""


METRIC = Metric(
    name="d_prime",
    unit="standard deviations",
    direction="higher",
    value=value,
    drawn=drawn,
    undefined=undefined,
)
