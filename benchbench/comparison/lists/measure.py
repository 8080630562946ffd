"""From score rows to lists, and every ranking metric of one cell's lists."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchbench.comparison.lists.ranking import kendall_tau_b, ndcg, reciprocal_rank_of_best, top1
from benchbench.comparison.pairs.scorings import SCORINGS
from benchbench.core.errors import unknown_name
from benchbench.core.measurement import Array, Measurement


@dataclass(frozen=True, eq=False)
class Lists:
    """The candidates of every prompt with a score and a relevance, sorted by example id."""

    examples: tuple[str, ...]
    """[n] ids."""
    scores: Array
    """[n, K] NaN beyond a list's own candidates."""
    gold: Array
    """[n, K] higher is better; NaN beyond a list's own candidates."""


@dataclass(frozen=True)
class ListMetric:
    """One number per list, and what it means where a list has none."""

    unit: str
    per_list: Callable[[Array, Array], Array]
    undefined: str = ""
    """Why a list has no value."""
    version: int = 1


METRICS: Mapping[str, ListMetric] = {
    "top1": ListMetric("fraction", top1),
    "ndcg": ListMetric("fraction", ndcg, "no candidate is relevant"),
    "reciprocal_rank": ListMetric("fraction", reciprocal_rank_of_best, version=2),
    "kendall_tau_b": ListMetric("correlation", kendall_tau_b, "all scores, or all relevances, are equal"),
}
"""Ranking metrics by name; higher is better in all, and the mean is over lists, each weighing the same."""


def lists(frame: pd.DataFrame, scoring: str, *, gold: str = "gold") -> Lists:
    """The lists of one cell's score rows, which hold every candidate of every example.

    Args:
        frame: one row per candidate, as the score stage leaves them for lists of any length, with the relevances in a
            column `column_` + `gold`.
        scoring: which number of a row is its score.
        gold: name of the column that says how good each candidate is, such as `gold` or `rating`.

    Raises:
        BenchError: no scoring, or no column, has this name.
        ValueError: a candidate twice, or an example of fewer than two.
    """
    if scoring not in SCORINGS:
        raise unknown_name("scoring", scoring, SCORINGS)
    known = [name.removeprefix("column_") for name in frame.columns if name.startswith("column_")]
    if gold not in known:
        raise unknown_name("column", gold, known)
    if frame.duplicated(["example", "candidate"]).any():
        raise ValueError("expected one row per candidate, found one twice")
    values = {name: frame[name].to_numpy(dtype=np.float64) for name in SCORINGS[scoring].reads}
    columns = {"score": SCORINGS[scoring].score(values), "gold": frame[f"column_{gold}"].to_numpy(dtype=np.float64)}
    for name, column in columns.items():
        if not np.isfinite(column).all():
            raise ValueError(f"expected finite numbers, found a {name} that is none under {scoring}")
    table = frame[["example", "candidate"]].assign(**columns).sort_values(["example", "candidate"])
    table["place"] = table.groupby("example").cumcount()
    wide = table.pivot(index="example", columns="place", values=["score", "gold"])
    if wide["score"].notna().sum(axis=1).min() < 2:
        raise ValueError("expected two candidates or more of every example, found one alone")
    return Lists(tuple(map(str, wide.index)), wide["score"].to_numpy(), wide["gold"].to_numpy())


def measure_lists(frame: pd.DataFrame, scoring: str, *, gold: str = "gold") -> list[Measurement]:
    """Every ranking metric of one cell; lists without a value are left out of it, and the note counts them.

    Raises:
        BenchError: as `lists`.
        ValueError: as `lists`, or a negative relevance.
    """
    ranked = lists(frame, scoring, gold=gold)
    return [_measured(name, metric, ranked, scoring) for name, metric in METRICS.items()]


def _measured(name: str, metric: ListMetric, ranked: Lists, scoring: str) -> Measurement:
    values = metric.per_list(ranked.scores, ranked.gold)
    defined = values[~np.isnan(values)]
    n, without = len(defined), len(values) - len(defined)
    return Measurement(
        metric=name,
        scoring=scoring,
        value=float(defined.mean()) if n else math.nan,
        se=float(defined.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan,
        n=n,
        unit=metric.unit,
        direction="higher",
        version=metric.version,
        note=f"left out: {without} of {len(values)} lists ({metric.undefined})" if without else "",
    )
