"""Standard deviation of chosen minus rejected over pairs, in the unit of the scoring.

The population form (ddof 0), as the published DDO-RM benchmark reports it. The mean margin over this
is the effect that the mean alone does not show.
"""

from __future__ import annotations

from benchbench.core.measurement import Array, Metric, PairScores


def value(scores: PairScores) -> float:
    """Standard deviation over pairs, ddof 0."""
    return float(scores.margin.std(ddof=0))


def drawn(scores: PairScores, places: Array) -> Array:
    """Of every draw of a bootstrap over prompts."""
    return scores.margin[places].std(axis=1, ddof=0)


METRIC = Metric(name="std_margin", unit="score", direction="none", value=value, drawn=drawn)
