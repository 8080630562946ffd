"""Accuracy where style helps: a more adorned chosen text against a plainer rejected one, RM-Bench's easy score.

Liu et al. 2024, arXiv:2410.16184, as THU-KEG/RM-Bench, `scripts/utils.py`, computes it. Only where the data carry a
column `style_rank` with a number for each response, the plainest 0, and pairs of every combination. Every combination
weighs the same; a tie is wrong, whatever the tie credit.
"""

from __future__ import annotations

from benchbench.core.measurement import Metric, PairScores
from benchbench.metrics._styles import empty_cells, parts


def value(scores: PairScores) -> float:
    """Mean of the cells below the diagonal."""
    return parts(scores)[2]


METRIC = Metric(
    name="style_easy_accuracy",
    unit="fraction",
    direction="higher",
    value=value,
    columns=("style_rank",),
    undefined=empty_cells,
)
