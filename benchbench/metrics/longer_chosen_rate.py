"""Share of pairs whose chosen response has more scored tokens; the accuracy that length alone as a score would have.

Equal lengths count one half. About the data, not the method: an accuracy near it may be one of length.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] 1 where the chosen response is longer, one half where both are as long, else 0."""
    chosen, rejected = scores.stored["n_tokens"]
    return (1 + np.sign(chosen - rejected)) / 2


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(
    name="longer_chosen_rate",
    unit="fraction",
    direction="none",
    value=value,
    per_pair=per_pair,
    reads=("n_tokens",),
)
