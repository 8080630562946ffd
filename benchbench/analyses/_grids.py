"""Measurements of many runs as cells of a grid, shared by exhibits of this room: what is read, and means over seeds."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchbench.core.analysis import Row, RowField, RowsInput
from benchbench.core.errors import BenchError

TRANSFORMS = "data.transforms="


@dataclass(frozen=True)
class MetricOptions:
    """What is compared."""

    metric: str = "pair_accuracy"
    """Metric of the rows that are read."""
    scoring: str = "logp_mean"
    """Scoring of the rows that are read."""


MEASUREMENT_FIELDS = (
    RowField("method", "label", "What was trained."),
    RowField("value", "number", "What was measured, in the unit of the metric.", optional=True),
    RowField("variant", "label", "Which variant of the method.", optional=True),
    RowField("seed", "label", "Seed of the run.", optional=True),
    RowField("setting", "label", "Of which setting; one in the file.", optional=True),
    RowField("split", "label", "Split that was scored; one in the rows of the metric.", optional=True),
    RowField("metric", "label", "What the value is of; only rows of the option's metric are read.", optional=True),
    RowField("scoring", "label", "How responses were scored; as for metric.", optional=True),
    RowField("overrides", "text", "What `--set` changed, as `bench compare` writes it.", optional=True),
    RowField("recipe", "label", "Name of the recipe.", optional=True),
)
"""Columns of a measurements.csv that every grid reads."""


def measurements(*further: RowField) -> RowsInput:
    """The input of a grid: rows of a measurements.csv, with further columns that say where a run stands in it."""
    return RowsInput(
        "measurements",
        "A run's measurement: a row of results/SETTING/measurements.csv, or of several such files put together.",
        (*MEASUREMENT_FIELDS, *further),
        rest=True,
    )


def measured(rows: Sequence[Row], metric: str, scoring: str) -> tuple[list[Row], list[str]]:
    """The rows of one metric, and notes of what has no number.

    Raises:
        BenchError: no row is of it; the message says what there is.
    """
    pairs = [(str(row.get("metric") or metric), str(row.get("scoring") or scoring)) for row in rows]
    chosen = [row for row, pair in zip(rows, pairs, strict=True) if pair == (metric, scoring)]
    if not chosen:
        there = ", ".join(sorted({f"{name} under {way}" for name, way in pairs})[:8])
        raise BenchError(f"measurements: expected rows of {metric} under {scoring}, found {there}; --set metric=...")
    require_one_value("measurements", chosen, "split", "setting")
    defined = [row for row in chosen if row.get("value") is not None and not math.isnan(row["value"])]
    if not defined:
        raise BenchError(f"measurements: expected a value of {metric} under {scoring}, found none that is a number")
    lost = len(chosen) - len(defined)
    return defined, [f"{lost} rows without a number are left out"] if lost else []


def label_of(row: Row) -> str:
    """The method, with its variant where that is not the default."""
    variant = row.get("variant")
    return str(row["method"]) if variant in (None, "default") else f"{row['method']}@{variant}"


def transforms_of(row: Row) -> list[Mapping[str, Any]]:
    """The `data.transforms` that `--set` gave a run; none where it gave none.

    Raises:
        BenchError: the text cannot be read.
    """
    _, is_there, text = (row.get("overrides") or "").partition(TRANSFORMS)
    if not is_there:
        return []
    try:
        return list(json.JSONDecoder().raw_decode(text)[0])
    except (ValueError, TypeError):
        raise BenchError(f"measurements: column 'overrides': expected {TRANSFORMS}[...], found {text[:60]!r}") from None


def override(row: Row, key: str) -> str | None:
    """The text that `--set key=...` gave a run, up to the next space; none where it gave none."""
    match = re.search(rf"(?:^| ){re.escape(key)}=(\S*)", row.get("overrides") or "")
    return None if match is None else match.group(1)


def cells(rows: Sequence[Row], places: Sequence[Hashable]) -> dict[Hashable, dict[str, Any]]:
    """Place in the grid -> mean over seeds, its standard error (NaN of one run), and the number of runs.

    Args:
        rows: measured.
        places: of each row.

    Raises:
        BenchError: two values of one seed at a place, such as of two recipes.
    """
    runs: dict[Hashable, dict[str, float]] = {}
    for number, (row, place) in enumerate(zip(rows, places, strict=True)):
        seed = str(row["seed"]) if row.get("seed") is not None else f"row {number}"
        values = runs.setdefault(place, {})
        if seed in values and values[seed] != row["value"]:
            raise BenchError(f"measurements: {place}, seed {seed}: expected one value, found several; keep one recipe")
        values[seed] = float(row["value"])
    return {place: _summary(np.array(list(values.values()))) for place, values in runs.items()}


def _summary(values: np.ndarray) -> dict[str, Any]:
    n = len(values)
    error = float(values.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan
    return {"mean": float(values.mean()), "se": error, "runs": n}


def require_one_value(rows_of: str, rows: Sequence[Row], *columns: str) -> None:
    """Refuse rows that no table could put together, such as those of two metrics.

    Args:
        rows_of: name of the input.
        rows: of it.
        columns: each holds one value at most, rows without it aside.

    Raises:
        BenchError: a column with several.
    """
    for name in columns:
        if len(several := sorted({str(row[name]) for row in rows if row.get(name) is not None})) > 1:
            raise BenchError(f"{rows_of}: column '{name}': expected one, found {', '.join(several)}; keep one")


def ranks(values: Sequence[float]) -> list[int]:
    """[n] place of each value, the highest first, equal ones alike; undefined ones come after all others."""
    keys = [-math.inf if math.isnan(value) else value for value in values]
    return [1 + sum(other > key for other in keys) for key in keys]
