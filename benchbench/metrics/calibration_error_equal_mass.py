"""Expected calibration error over 15 bins of equally many pairs, where those of `calibration_error` are equally wide.

Confident reward models leave the middle bins of equal width nearly empty; bins of equal mass (Nixon et al. 2019,
arXiv:1904.01685, there as adaptive calibration error) weigh every pair alike. Each pair is counted in both orders, and
equal confidences share a bin. Biased upward as the other is.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores

BINS = 15


def value(scores: PairScores) -> float:
    """Mean distance of accuracy and confidence over bins, weighted by their pairs."""
    return float(drawn(scores, np.arange(len(scores.margin))[None])[0])


def drawn(scores: PairScores, places: Array) -> Array:
    """Of every draw of a bootstrap over prompts."""
    p = 0.5 + 0.5 * np.tanh(scores.margin / 2)  # [n] probability of the pair's order
    confidence = np.concatenate([p, 1 - p])  # [2n] the pair as it is, and turned round
    gap = np.concatenate([np.ones_like(p), np.zeros_like(p)]) - confidence
    levels, level = np.unique(confidence, return_inverse=True)  # [2n] place among the confidences there are
    values = np.empty(len(places))
    for draw, pairs in enumerate(places):
        both = np.concatenate([pairs, pairs + len(p)])
        drawn_level = level[both]
        of_level = np.bincount(drawn_level, minlength=len(levels))
        below = np.cumsum(of_level) - of_level  # [levels] how many are less confident
        bins = below * BINS // len(both)
        gaps = np.bincount(bins[drawn_level], weights=gap[both], minlength=BINS)
        values[draw] = np.abs(gaps).sum() / len(both)
    return values


METRIC = Metric(
    name="calibration_error_equal_mass",
    unit="probability",
    direction="lower",
    value=value,
    drawn=drawn,
    scorings=("reward_model",),
)
