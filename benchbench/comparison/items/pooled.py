"""The items of all groups of a run together: a mean over items, in which a larger group counts for more."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np

from benchbench.core.imported import ItemMetric, ItemScores

ALL = "all items"
"""Name of the group of all groups."""
GROUP = "group"
"""Column of such items that names the group of each."""


def pooled(groups: Sequence[ItemScores]) -> ItemScores | None:
    """All items of several groups as one group, with the metrics that all of them have; none where there are none.

    Groups whose items are in other units, or better in another direction, have no such metric. What is said of each
    group by itself, such as settings, stays with it.
    """
    shared = [name for name in groups[0].metrics if all(name in group.metrics for group in groups)]
    metrics = {name: _joined([group.metrics[name] for group in groups]) for name in shared}
    of_one_kind = {name: metric for name, metric in metrics.items() if metric is not None}
    if len(groups) < 2 or not of_one_kind or len({group.lacks for group in groups}) > 1:
        return None
    columns = set.intersection(*(set(group.columns) for group in groups))
    named = {
        name: tuple(f"{group.group}/{label}" for group in groups for label in group.columns[name]) for name in columns
    }
    return ItemScores(
        group=ALL,
        items=tuple(f"{group.group}/{item}" for group in groups for item in group.items),
        metrics=of_one_kind,
        columns=named | {GROUP: tuple(group.group for group in groups for _ in group.items)},
        lacks=groups[0].lacks,
        notes=tuple(dict.fromkeys(chain.from_iterable(group.notes for group in groups))),
    )


def _joined(metrics: Sequence[ItemMetric]) -> ItemMetric | None:
    first = metrics[0]
    if {(m.unit, m.direction) for m in metrics} != {(first.unit, first.direction)}:
        return None
    weights = [m.weights for m in metrics]
    together = None if any(w is None for w in weights) else np.concatenate([w for w in weights if w is not None])
    if together is None and any(w is not None for w in weights):
        return None
    values = np.concatenate([m.values for m in metrics])
    return ItemMetric(unit=first.unit, direction=first.direction, values=values, weights=together)
