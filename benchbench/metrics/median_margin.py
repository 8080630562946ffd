"""Median of chosen minus rejected over pairs, in the scoring's unit: no few long responses drive it.

Interpolated linearly between pairs, as numpy's default does it. As for `mean_margin`, neither direction is better and
only equal scorings may be put side by side.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores
from benchbench.metrics._quantiles import quantile_of_draws

SHARE = 0.5
"""Of pairs below the value."""


def value(scores: PairScores) -> float:
    """Median over pairs."""
    return float(np.quantile(scores.margin, SHARE))


def drawn(scores: PairScores, places: Array) -> Array:
    """Of every draw of a bootstrap over prompts."""
    return quantile_of_draws(scores.margin, places, SHARE)


METRIC = Metric(name="median_margin", unit="score", direction="none", value=value, drawn=drawn)
