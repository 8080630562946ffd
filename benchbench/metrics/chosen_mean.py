"""Mean score of the chosen responses, in the unit of the scoring.

Read beside `rejected_mean`: a growing margin with both falling (likelihood displacement) is invisible
in the margin.
"""

from __future__ import annotations

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] score of the chosen response."""
    return scores.chosen


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(name="chosen_mean", unit="score", direction="none", value=value, per_pair=per_pair)
