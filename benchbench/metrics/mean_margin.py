"""Mean of chosen minus rejected, in the unit of the scoring.

A mean that a few long responses can drive, and a scale that every method is free to choose: neither
direction is better, and only equal scorings may be put side by side.
"""

from __future__ import annotations

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] chosen minus rejected."""
    return scores.margin


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(name="mean_margin", unit="score", direction="none", value=value, per_pair=per_pair)
