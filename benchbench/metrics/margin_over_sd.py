"""Mean margin over the standard deviation of the margin: how large the typical preference is beside its scatter.

`mean_margin` over `std_margin` (population form); Cohen's d of paired differences. Free of the scale of the score and
of what scores of one prompt share, so methods may be compared on it.
"""

from __future__ import annotations

import math

from benchbench.core.measurement import Metric, PairScores


def value(scores: PairScores) -> float:
    """Mean over sd, ddof 0; NaN where all margins are equal."""
    sd = float(scores.margin.std())
    return float(scores.margin.mean()) / sd if sd > 0 else math.nan


def undefined(scores: PairScores) -> str:
    """Said where all margins are equal."""
    return "all margins are equal" if scores.margin.max() == scores.margin.min() else ""


METRIC = Metric(name="margin_over_sd", unit="standard deviations", direction="higher", value=value, undefined=undefined)
