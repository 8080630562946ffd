"""Tests: McNemar for two checkpoints on the same pairs, and Holm's correction for a family."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchbench.core.measurement import Array


@dataclass(frozen=True)
class McNemar:
    """Two-sided p-values of equal accuracy; a statement about two checkpoints, not about two methods."""

    exact: float
    mid: float
    """Mid-p: the exact one is conservative (Fagerland et al. 2013)."""


def mcnemar(only_first: int, only_second: int) -> McNemar:
    """McNemar's test from the discordant counts of two scorers on the same pairs.

    Args:
        only_first: pairs that only the first scorer ranks rightly.
        only_second: pairs that only the second scorer ranks rightly.

    exact = 2 min(1/2, P(Bin(b + c, 1/2) <= min(b, c))); mid-p takes off the point probability, half of it
    when both counts are equal (evaluation.md C4).
    """
    total = only_first + only_second
    smaller = min(only_first, only_second)
    exact = 2 * min(0.5, float(stats.binom.cdf(smaller, total, 0.5)))
    point = float(stats.binom.pmf(smaller, total, 0.5))
    return McNemar(exact, 1 - point / 2 if only_first == only_second else exact - point)


def holm(p: Array) -> Array:
    """[h] p-values adjusted by Holm's step-down, in the order given.

    A NaN stays NaN but counts as a member of the family: the family was declared beforehand, and a test
    that could not be made does not make the others easier.
    """
    size = len(p)
    known = [row for row in np.argsort(p, kind="stable") if not math.isnan(p[row])]
    adjusted = np.full(size, np.nan)
    largest = 0.0
    for rank, row in enumerate(known):
        largest = max(largest, min(1.0, (size - rank) * float(p[row])))
        adjusted[row] = largest
    return adjusted
