"""The numbers of one metric over the items of one group, for every row and seed, as values whose mean is the metric.

A metric that weighs its items, sum(s) / sum(w), becomes the ratio R plus the influence of each item on it,
R + (n / sum(w)) (s - R w), whose mean is R and whose spread over items is that of the ratio (the delta method). Items
that lack a verdict in some run are left out of every row, and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchbench.comparison.items.grid import ItemGrid
from benchbench.core.clusters import over_prompts, prompt_numbers
from benchbench.core.errors import BenchError, unknown_name
from benchbench.core.imported import ItemMetric, ItemScores
from benchbench.core.measurement import Array

BOUNDED_FRACTION = 0.01
"""Above this share of items without a verdict the note has what they could have made of the difference."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ItemValues:
    """One metric of one group."""

    group: str
    metric: str
    unit: str
    direction: str
    values: Mapping[str, Array]
    """Label -> [k, n] of every seed and item; NaN where a run has no number."""
    cluster: Array | None
    """[n] number of each item's cluster; none where every item is one of its own."""
    left_out: Mapping[str, int]
    """Label -> items that it has no verdict on, which are left out of every row."""
    bounds: Mapping[str, tuple[float, float]]
    """Label -> its mean over seeds if every verdict that it lacks were lost, and if it were won."""
    listed: int
    """Items of the group, those that are left out included."""
    lacks: str = ""
    """What an item that is left out lacks."""

    @property
    def n(self) -> int:
        """Items that are compared."""
        return next(iter(self.values.values())).shape[1]

    @property
    def clusters(self) -> int:
        """Clusters of the items."""
        return self.n if self.cluster is None else int(self.cluster.max(initial=-1)) + 1

    def over_clusters(self, values: Array) -> Array:
        """[k, clusters] of [k, n]."""
        return over_prompts(values, self.cluster)

    def note(self, label: str, baseline: str) -> str:
        """What is left out, and what it could have made of the difference where it is more than 1 %."""
        total = self.listed - self.n
        if not total:
            return ""
        counts = ", ".join(f"{name} {count}" for name, count in self.left_out.items() if count)
        note = f"{total} of {self.listed} items without a {self.lacks} are left out of every row ({counts})"
        if label == baseline or total <= BOUNDED_FRACTION * self.listed:
            return note
        low = self.bounds[label][0] - self.bounds[baseline][1]
        high = self.bounds[label][1] - self.bounds[baseline][0]
        return f"{note}; with each lost or won the difference could be {low:+.4f} to {high:+.4f}"


def item_values(grid: ItemGrid, group: str, metric: str, *, cluster: str | None = None) -> ItemValues:
    """The values of one metric over one group.

    Args:
        grid: of the comparison.
        group: one of its groups.
        metric: one that every run has.
        cluster: column whose labels are the clusters; none takes every item for one of its own.

    Raises:
        BenchError: a run that lacks the metric, or items without the column.
    """
    by_label = {label: [_metric(scores, metric) for scores in grid.row(group, label)] for label in grid.labels}
    first = grid.scores[group, grid.labels[0], grid.seeds[0]]
    stacked = {label: np.stack([m.values for m in metrics]).astype(float) for label, metrics in by_label.items()}
    weights = {label: [m.weights for m in metrics] for label, metrics in by_label.items()}
    selected = np.ones(len(first.items), dtype=bool)
    if first.lacks:
        selected = np.all([np.isfinite(values).all(axis=0) for values in stacked.values()], axis=0)
    units = {m.unit for metrics in by_label.values() for m in metrics}
    return ItemValues(
        group=group,
        metric=metric,
        unit=units.pop() if len(units) == 1 else "score",
        direction=by_label[grid.labels[0]][0].direction,
        values={label: _means(values[:, selected], weights[label], selected) for label, values in stacked.items()},
        cluster=None if cluster is None else _clusters(first.columns, cluster, group, selected),
        left_out={label: int((~np.isfinite(values)).any(axis=0).sum()) for label, values in stacked.items()},
        bounds={label: _bounds(values, weights[label]) for label, values in stacked.items()},
        listed=len(first.items),
        lacks=first.lacks,
    )


def _metric(scores: ItemScores, metric: str) -> ItemMetric:
    if metric not in scores.metrics:
        raise unknown_name(f"metric of {scores.group}", metric, scores.metrics)
    return scores.metrics[metric]


def _means(values: Array, weights: list[Array | None], selected: Array) -> Array:
    """[k, n] values whose mean over items is the metric of each seed."""
    return np.stack([_influences(v, w if w is None else w[selected]) for v, w in zip(values, weights, strict=True)])


def _influences(values: Array, weights: Array | None) -> Array:
    if weights is None or not len(values):
        return values
    ratio = values.sum() / weights.sum()
    return ratio + len(values) / weights.sum() * (values - ratio * weights)


def _bounds(values: Array, weights: list[Array | None]) -> tuple[float, float]:
    """Mean over seeds where every missing number is 0, and where it is the most that it can be."""
    full = np.stack([np.ones_like(v) if w is None else w for v, w in zip(values, weights, strict=True)])
    low = np.where(np.isfinite(values), values, 0.0)
    high = np.where(np.isfinite(values), values, full)
    return tuple(float((side.sum(axis=1) / full.sum(axis=1)).mean()) for side in (low, high))  # pyright: ignore


def _clusters(columns: Mapping[str, tuple[str, ...]], cluster: str, group: str, selected: Array) -> Array | None:
    if cluster not in columns:
        known = ", ".join(columns) or "none"
        raise BenchError(f"--cluster {cluster}: {group} has no such column; known there: {known}")
    return prompt_numbers(np.array(columns[cluster])[selected])
