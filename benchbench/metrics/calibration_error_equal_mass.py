"""Expected calibration error over 15 bins of equally many pairs, where those of `calibration_error` are equally wide.

Confident reward models leave the middle bins of equal width nearly empty; bins of equal mass (Nixon et al. 2019,
arXiv:1904.01685, there as adaptive calibration error) weigh every pair alike. Each pair is counted in both orders, and
equal confidences share a bin. Biased upward as the other is.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Metric, PairScores

BINS = 15


def value(scores: PairScores) -> float:
    """Mean distance of accuracy and confidence over bins, weighted by their pairs."""
    p = 0.5 + 0.5 * np.tanh(scores.margin / 2)  # [n] probability of the pair's order
    confidence = np.concatenate([p, 1 - p])  # [2n]
    label = np.concatenate([np.ones_like(p), np.zeros_like(p)])
    below = np.searchsorted(np.sort(confidence), confidence, side="left")  # how many are less confident
    gaps = np.bincount(below * BINS // len(confidence), weights=label - confidence, minlength=BINS)
    return float(np.abs(gaps).sum() / len(confidence))


METRIC = Metric(
    name="calibration_error_equal_mass",
    unit="probability",
    direction="lower",
    value=value,
    scorings=("reward_model",),
)
