"""How often the score puts the preferred response first, with a credit for ties.

A tie earns `tie_credit` of the pair scores, one half unless a recipe says otherwise, so a model that
cannot tell the responses apart scores 0.5. The measure is blind to the scale of the score, which is
why methods may be compared on it; their margins may not.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] 1 where the chosen response scores higher, the tie credit where both are equal, else 0."""
    return np.where(scores.chosen == scores.rejected, scores.tie_credit, scores.chosen > scores.rejected)


def value(scores: PairScores) -> float:
    """Mean over pairs, one global mean and never a mean of batch means."""
    return float(per_pair(scores).mean())


METRIC = Metric(
    name="pair_accuracy",
    unit="fraction",
    direction="higher",
    value=value,
    per_pair=per_pair,
    equivalence_margin=0.015,
)
