"""Measurements of one target for a reader: a row per metric, with its mean over seeds and every seed's value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import pandas as pd

from benchbench.report import numbers

OF_PAIRS = ("metric", "scoring")
"""What tells the rows of pair metrics apart."""
OF_RESPONSES = ("turn", "metric")
"""What tells the rows of responses apart."""


def mean_rows(frame: pd.DataFrame, keys: Sequence[str], *, first: Sequence[str] = ()) -> list[dict[str, Any]]:
    """One row per metric, the headline first and the others in their order; no notes where none has one.

    Args:
        frame: a row per seed and metric: the keys, `seed`, `value`, `se`, `n`, `unit` and `note`; a model from
            elsewhere has one row per metric and no seed. What is undefined is NaN, and so is a mean that it is in.
        keys: columns that tell metrics apart.
        first: the headline's values of these columns; empty where there is none.
    """
    groups = [group.to_dict("records") for _, group in frame.groupby(list(keys), sort=False, dropna=False)]
    rows = sorted(groups, key=lambda group: [group[0][key] for key in keys] != list(first))
    seeds = list(dict.fromkeys(frame["seed"]))
    shown = [_row(group, keys, seeds) for group in rows]
    unsaid = set() if any(row["note"] for row in shown) else {"note"}
    return [{name: value for name, value in row.items() if name not in unsaid} for row in shown]


def title(frame: pd.DataFrame, *, first: Sequence[str] = ()) -> str:
    """What the rows are of: method, setting, and the headline, or the engine that drew the responses."""
    parts = [", ".join(dict.fromkeys(frame["method"]))]
    parts += [f"setting {', '.join(dict.fromkeys(frame['setting']))}"] if "setting" in frame else []
    parts += [f"headline {' under '.join(first)}"] if first else [", ".join(dict.fromkeys(frame["engine"]))]
    return "; ".join(parts)


def _row(group: Sequence[Mapping[Any, Any]], keys: Sequence[str], seeds: Sequence[Any]) -> dict[str, Any]:
    unit = group[0]["unit"]
    texts = [numbers.quantity(float(row["value"]), unit) for row in group]
    counts = list(dict.fromkeys(int(row["n"]) for row in group))
    return {
        **{key: group[0][key] for key in keys},
        "mean": numbers.quantity(fmean(float(row["value"]) for row in group), unit),
        **_spread(group, texts, seeds),
        "n": counts[0] if len(counts) == 1 else f"{min(counts)} to {max(counts)}",
        "unit": unit,
        "note": "; ".join(dict.fromkeys(row["note"] for row in group if row["note"])),
    }


def _spread(group: Sequence[Mapping[Any, Any]], texts: Sequence[str], seeds: Sequence[Any]) -> dict[str, str]:
    """Every seed's value; for a single one the standard error over its pairs or responses."""
    if len(seeds) == 1:
        return {"se": numbers.quantity(float(group[0]["se"]), group[0]["unit"])}
    return {f"seeds {', '.join(map(str, seeds))}": " ".join(texts)}
