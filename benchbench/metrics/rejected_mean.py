"""Mean score of the rejected responses, in the unit of the scoring; the companion of `chosen_mean`."""

from __future__ import annotations

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] score of the rejected response."""
    return scores.rejected


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(name="rejected_mean", unit="score", direction="none", value=value, per_pair=per_pair)
