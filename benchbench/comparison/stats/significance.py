"""Holm's correction for a family of tests."""

from __future__ import annotations

import math

import numpy as np

from benchbench.core.measurement import Array


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
