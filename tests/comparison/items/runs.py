"""Runs of other tools made of arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from benchbench.comparison.items.faults import SeededRun
from benchbench.core.imported import ItemMetric, ItemScores


def scores(values: Mapping[str, Any], *, group: str = "task", unit: str = "fraction", **more: Any) -> ItemScores:
    """One group whose metrics have these values."""
    arrays = {name: np.asarray(numbers, dtype=float) for name, numbers in values.items()}
    n = len(next(iter(arrays.values())))
    metrics = {name: ItemMetric(unit=unit, direction="higher", values=array) for name, array in arrays.items()}
    return ItemScores(group=group, metrics=metrics, **{"items": tuple(f"item {k}" for k in range(n)), **more})


def run(label: str, *groups: ItemScores, seed: int = 0) -> SeededRun:
    """One run of a row."""
    return SeededRun(label, seed, groups, several=seed > 0)
