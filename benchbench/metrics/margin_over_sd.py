"""Mean margin over the standard deviation of the margin: how large the typical preference is beside its scatter.

`mean_margin` over `std_margin` (population form); Cohen's d of paired differences. Free of the scale of the score and
of what scores of one prompt share, so methods may be compared on it.
"""

from __future__ import annotations

import math

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def value(scores: PairScores) -> float:
    """Mean over sd, ddof 0; NaN where all margins are equal."""
    sd = float(scores.margin.std())
    return float(scores.margin.mean()) / sd if sd > 0 else math.nan


def drawn(scores: PairScores, places: Array) -> Array:
    """Of every draw of a bootstrap over prompts."""
    margins = scores.margin[places]
    sd = margins.std(axis=1)
    return margins.mean(axis=1) / np.where(sd > 0, sd, math.nan)


def undefined(scores: PairScores) -> str:
    """Said where all margins are equal."""
    return "all margins are equal" if scores.margin.max() == scores.margin.min() else ""


METRIC = Metric(
    name="margin_over_sd",
    unit="standard deviations",
    direction="higher",
    value=value,
    drawn=drawn,
    undefined=undefined,
)
