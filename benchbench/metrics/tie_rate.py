"""How often both responses of a pair score exactly the same.

A low-precision score ties easily; above one per cent the tie convention starts to shape the accuracy.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] 1 where both scores are equal in float64, else 0."""
    return (scores.chosen == scores.rejected).astype(np.float64)


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(name="tie_rate", unit="fraction", direction="none", value=value, per_pair=per_pair)
