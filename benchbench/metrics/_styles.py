"""Accuracy for every pair of styles of chosen and rejected texts, shared by exhibits of this room (RM-Bench)."""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, PairScores


def style_matrix(scores: PairScores) -> Array:
    """[styles, styles] share of pairs whose chosen text of style i scores strictly above the rejected one of style j.

    Styles are the numbers in the column `style_rank`, plainest first; NaN where no pair has a combination.
    """
    sides = scores.columns["style_rank"]
    styles = np.unique(np.concatenate(sides))
    i, j = (np.searchsorted(styles, side) for side in sides)
    counts, right = np.zeros((2, len(styles), len(styles)))
    np.add.at(counts, (i, j), 1)
    np.add.at(right, (i, j), scores.chosen > scores.rejected)
    with np.errstate(invalid="ignore"):
        return right / counts


def parts(scores: PairScores) -> tuple[float, float, float]:
    """(hard, normal, easy): mean of the cells above, on and below the diagonal of the style matrix.

    Hard is a plainer chosen text against a more adorned rejected one, easy the reverse. NaN where a cell is empty, or,
    of hard and easy, where there is one style.
    """
    matrix = style_matrix(scores)
    above, below = np.triu_indices(len(matrix), 1), np.tril_indices(len(matrix), -1)
    return _mean(matrix[above]), _mean(np.diagonal(matrix)), _mean(matrix[below])


def empty_cells(scores: PairScores) -> str:
    """What is missing for all of the matrix; empty where nothing is."""
    matrix = style_matrix(scores)
    if len(matrix) < 2:
        return "all texts are of one style"
    missing = int(np.isnan(matrix).sum())
    return f"{missing} of {matrix.size} combinations of styles have no pair" if missing else ""


def _mean(cells: Array) -> float:
    return float(cells.mean()) if cells.size else float("nan")
