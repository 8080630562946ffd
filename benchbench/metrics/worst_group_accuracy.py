"""Pair accuracy of the group in which it is lowest.

Only where the data carry a column `group` with a number per pair, such as an annotator's group or a user. A mean can
rise while one group is served worse; this is what the max-min criterion looks at. The lowest of several noisy numbers
is low by chance, too, so compare it at equal groups only. Ties earn the tie credit.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def value(scores: PairScores) -> float:
    """Lowest mean over the pairs of one group."""
    return float(resampled(scores, np.ones((1, len(scores.chosen))))[0])


def resampled(scores: PairScores, counts: Array) -> Array:
    """[draws] of every draw of a bootstrap over prompts; a group that is not in a draw is not looked at.

    Pairs that are right and pairs that tie are whole numbers of each draw, so it is exact in any order.
    """
    _, group = np.unique(scores.columns["group"][0], return_inverse=True)
    members = np.eye(int(group.max()) + 1)[group]  # [n, groups]
    right, tied = scores.chosen > scores.rejected, scores.chosen == scores.rejected
    size, wins, ties = (counts @ (members * of[:, None]) for of in (np.ones(len(right)), right, tied))
    points = wins + scores.tie_credit * ties
    return np.divide(points, size, out=np.full(size.shape, np.inf), where=size > 0).min(axis=1)


METRIC = Metric(
    name="worst_group_accuracy",
    unit="fraction",
    direction="higher",
    value=value,
    resampled=resampled,
    columns=("group",),
    columns_per="example",
)
