"""Expected calibration error of a reward model: whether pairs with sigmoid(margin) near p are in order p of the time.

Naeini et al. 2015; Guo et al. 2017, arXiv:1706.04599, eq. 3: sum over bins of (n_b / n) |accuracy_b - confidence_b|,
here with 15 bins of equal width in [0, 1]. The label is always the chosen response, so each pair is counted in both
orders; otherwise the error would only measure the mean confidence. Biased upward where bins hold few pairs, so only
equal test sets may be compared; `brier` has no bins.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Metric, PairScores

BINS = 15


def value(scores: PairScores) -> float:
    """Mean distance of accuracy and confidence over bins, weighted by their pairs."""
    p = 0.5 + 0.5 * np.tanh(scores.margin / 2)  # [n] probability of the pair's order
    confidence = np.concatenate([p, 1 - p])  # [2n] the pair as it is, and turned round
    label = np.concatenate([np.ones_like(p), np.zeros_like(p)])
    place = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    gaps = np.bincount(place, weights=label - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


METRIC = Metric(
    name="calibration_error",
    unit="probability",
    direction="lower",
    value=value,
    scorings=("reward_model",),
)
