"""How often the policy itself gives the preferred response at least the probability of the other one.

Chen et al. 2024, arXiv:2405.19534: the mean of 1[pi(w|x) >= pi(l|x)], of log-probabilities or, length-normalised, of
their means per token; the paper's name for it. It is not the accuracy of the implicit reward, which a policy can have
far above it. By the definition a tie is right (that it is >= is known to us from secondary sources only), so a constant
score has 1 here; `pair_accuracy` gives ties their credit.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] 1 where the chosen response scores at least as high, else 0."""
    return (scores.chosen >= scores.rejected).astype(np.float64)


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(
    name="ranking_accuracy",
    unit="fraction",
    direction="higher",
    value=value,
    per_pair=per_pair,
    scorings=("logp_sum", "logp_mean"),
    equivalence_margin=0.015,
)
