"""How often the score puts the preferred response strictly first; a tie is wrong.

The convention of TRL, of the original DPO code and of RewardBench v1 (`>`). It ignores the tie credit
of the pair scores, so a constant scorer gets 0.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] 1 where the chosen response scores higher, else 0."""
    return (scores.chosen > scores.rejected).astype(np.float64)


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(
    name="pair_accuracy_strict",
    unit="fraction",
    direction="higher",
    value=value,
    per_pair=per_pair,
    equivalence_margin=0.015,
)
