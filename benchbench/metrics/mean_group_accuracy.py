"""Mean over groups of their pair accuracy, every group weighing the same, beside that of the worst group.

Only where the data carry a column `group` with a number per pair, such as an annotator's group or a user. Pair accuracy
weighs a group by its number of pairs; the gap between this mean and the worst group is what one group pays for the
others. Ties earn the tie credit.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def value(scores: PairScores) -> float:
    """Mean of the groups' accuracies."""
    return float(resampled(scores, np.ones((1, len(scores.chosen))))[0])


def resampled(scores: PairScores, counts: Array) -> Array:
    """[draws] of every draw of a bootstrap over prompts; a group that is not in a draw is left out of its mean."""
    _, group = np.unique(scores.columns["group"][0], return_inverse=True)
    members = np.eye(int(group.max()) + 1)[group]  # [n, groups]
    right, tied = scores.chosen > scores.rejected, scores.chosen == scores.rejected
    size, wins, ties = (counts @ (members * of[:, None]) for of in (np.ones(len(right)), right, tied))
    points = np.divide(wins + scores.tie_credit * ties, size, out=np.zeros(size.shape), where=size > 0)
    return points.sum(axis=1) / (size > 0).sum(axis=1)


METRIC = Metric(
    name="mean_group_accuracy",
    unit="fraction",
    direction="higher",
    value=value,
    resampled=resampled,
    columns=("group",),
    columns_per="example",
)
