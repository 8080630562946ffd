"""What `calibration_error` would be of a perfectly calibrated reward model with the same probabilities.

Bins of few pairs are off by chance, so the error of a calibrated model is above 0; an error near this floor is no sign
of miscalibration. The mean over simulated labels, drawn from the model's own probabilities with a fixed seed: equal
margins have equal floors, in whatever order.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Metric, PairScores
from benchbench.core.seeding import stream

BINS = 15
"""Of `calibration_error`."""
DRAWS = 200


def value(scores: PairScores) -> float:
    """Mean over draws of the weighted distance of simulated accuracy and confidence over bins, each pair both ways."""
    p = np.sort(0.5 + 0.5 * np.tanh(scores.margin / 2))  # [n]
    right = stream(0, "calibration floor").random((DRAWS, len(p))) < p
    surplus = right - p  # [draws, n] of the pair as it is; of the pair turned round it is the negative
    gaps = np.zeros((DRAWS, BINS))
    for confidence, sign in ((p, 1.0), (1 - p, -1.0)):
        place = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
        gaps += sign * surplus @ np.eye(BINS)[place]
    return float(np.abs(gaps).sum(axis=1).mean() / (2 * len(p)))


METRIC = Metric(
    name="calibration_floor",
    unit="probability",
    direction="none",
    value=value,
    scorings=("reward_model",),
)
