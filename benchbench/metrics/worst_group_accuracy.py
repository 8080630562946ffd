"""Pair accuracy of the group in which it is lowest.

Only where the data carry a column `group` with a number per pair, such as an annotator's group or a user. A mean can
rise while one group is served worse; this is what the max-min criterion looks at. The lowest of several noisy numbers
is low by chance, too, so compare it at equal groups only. Ties earn the tie credit.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Metric, PairScores


def value(scores: PairScores) -> float:
    """Lowest mean over the pairs of one group."""
    points = np.where(scores.chosen == scores.rejected, scores.tie_credit, scores.chosen > scores.rejected)
    _, group = np.unique(scores.columns["group"][0], return_inverse=True)
    return float((np.bincount(group, weights=points) / np.bincount(group)).min())


METRIC = Metric(
    name="worst_group_accuracy",
    unit="fraction",
    direction="higher",
    value=value,
    columns=("group",),
    columns_per="example",
)
