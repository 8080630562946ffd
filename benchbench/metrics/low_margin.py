"""10th percentile of chosen minus rejected over pairs: the margin that nine in ten exceed, in the scoring's unit.

Interpolated linearly between pairs, as numpy's default does it. As for `mean_margin`, neither direction is better and
only equal scorings may be put side by side.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores
from benchbench.metrics._quantiles import quantile_of_draws

SHARE = 0.1
"""Of pairs below the value."""


def value(scores: PairScores) -> float:
    """10th percentile over pairs."""
    return float(np.quantile(scores.margin, SHARE))


def drawn(scores: PairScores, places: Array) -> Array:
    """Of every draw of a bootstrap over prompts."""
    return quantile_of_draws(scores.margin, places, SHARE)


METRIC = Metric(name="low_margin", unit="score", direction="none", value=value, drawn=drawn)
