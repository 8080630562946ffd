"""The Python interface: what `bench compare` does, with its tables as pandas frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from benchbench.commands.compare.run import CompareRequest, PreparedComparison, prepare_comparison
from benchbench.commands.compare.shown import ShownComparison, show
from benchbench.commands.resolve import DEFAULT_SETTING
from benchbench.commands.run_plan import RunOptions
from benchbench.core.errors import BenchError
from benchbench.recipe.overrides import Override
from benchbench.store.result_frames import TABLES, read_frame
from benchbench.store.results import ResultStore
from benchbench.store.runs import default_results


@dataclass(frozen=True, eq=False)
class Results:
    """The tables of a setting's results; a table that nothing was written to is an empty frame."""

    folder: Path
    """Where they are: `results/<setting>/`."""
    measurements: pd.DataFrame
    """A row per method, seed, metric and scoring; never an aggregate over seeds."""
    comparisons: pd.DataFrame
    """A row per method, metric and scoring: every seed's value, the difference to the baseline, interval and p."""
    flagged: pd.DataFrame
    """Metrics with and without pairs that were cut, empty or identical, where there are any."""
    win_rates: pd.DataFrame
    """A row per method, opponent, seed and metric, where responses were judged."""
    win_rate_intervals: pd.DataFrame
    """The same over seeds: mean, interval, p, minimum detectable difference."""
    responses: pd.DataFrame
    """What responses are like, a row per method, seed and statistic."""


def compare(
    *methods: str | Path,
    setting: str | Path | None = None,
    seeds: Iterable[int] | None = None,
    baseline: str | None = None,
    metrics: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
    allow_different: bool = False,
    allow_mixed: bool = False,
    pairs_only: bool = False,
    prompts: str | Path | None = None,
    device: str = "auto",
    workers: int | None = None,
    runs: str | Path | None = None,
    results: str | Path | None = None,
    verify: bool = False,
    progress: bool = True,
) -> Results:
    """Train what is missing, compare the methods, write the tables, and return those of this comparison.

    As on the command line, an equal comparison whose files are as it left them is read back and not made again.

    Args:
        methods: METHOD, METHOD@VARIANT or recipe files; the first is the baseline.
        setting: name, or path of a setting file; the embedded setting `tiny` by default.
        seeds: one cell each; those that the recipe pins by default.
        baseline: label of another baseline.
        metrics: METRIC or METRIC/SCORING, beside those that are always measured.
        overrides: dotted key -> value, as `--set`; marks the rows.
        allow_different: compare unequal settings; every row is marked.
        allow_mixed: compare rows of different kinds of device; they are marked.
        pairs_only: neither draw nor judge responses.
        prompts: file of prompts to answer instead of the setting's own split.
        device: auto, cpu, cuda or cuda:N.
        workers: stages side by side; chosen by the machine by default.
        runs: folder of stage artefacts; `runs/` under BENCH_HOME or here by default.
        results: folder of tables; `results/` under BENCH_HOME or here by default.
        verify: compare what is read of the hub's cache with the hub's hashes again, not at its first use alone.
        progress: tell on stderr what is being done.

    Raises:
        BenchError: what the command line would refuse, or a cell that failed.
    """
    request = CompareRequest(
        [str(method) for method in methods],
        None if setting is None else str(setting),
        None if seeds is None else [str(seed) for seed in seeds],
        baseline=baseline,
        overrides=[Override(key, value).text for key, value in (overrides or {}).items()],
        metrics=metrics,
        allow_different=allow_different,
        allow_mixed=allow_mixed,
        pairs_only=pairs_only,
        prompts=_path(prompts),
    )
    options = RunOptions(device, workers, _path(runs), _path(results), verify=verify)
    prepared = prepare_comparison(request, options)
    console = Console(stderr=True, soft_wrap=True, markup=False, emoji=False, quiet=not progress)
    shown = show(prepared, request, options, console)
    every = load_results(prepared.loaded[0].recipe.setting, results=options.results_root)
    return _only(every, prepared, shown, overrides=" ".join(sorted(request.overrides)))


def load_results(setting: str = DEFAULT_SETTING, *, results: str | Path | None = None) -> Results:
    """The tables of everything that was compared in a setting.

    Args:
        setting: its name, which is its folder's; `reference/tiny` reads the committed reference of `tiny`.
        results: folder of tables; `results/` under BENCH_HOME or here by default.

    Raises:
        BenchError: there are none.
    """
    store = ResultStore(_path(results) or default_results(), setting)
    if not any((store.folder / f"{table}.csv").is_file() for table in TABLES):
        raise BenchError(
            f"{store.folder}: expected the tables of a comparison, found none; "
            f"run `bench compare METHOD METHOD --setting {setting}`, or name the folder of results"
        )
    return Results(store.folder, **{table: read_frame(store, table) for table in TABLES})


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)


def _only(every: Results, prepared: PreparedComparison, shown: ShownComparison, *, overrides: str) -> Results:
    """The rows of one comparison."""
    key: dict[str, object] = {
        "methods": " ".join(sorted(item.label for item in prepared.loaded)),
        "seeds": " ".join(map(str, prepared.seeds)),
        "baseline": prepared.baseline,
        "overrides": overrides,
    }
    recipes = {item.recipe_hash for item in prepared.loaded}
    split = prepared.loaded[0].recipe.score.split
    frames = {
        name: _where(getattr(every, name), key | dict(shown.drawn))
        for name in (field.name for field in fields(every))
        if name not in ("folder", "measurements")
    }
    cells = _where(every.measurements, {"split": split})
    mine = [r in recipes and s in prepared.seeds for r, s in zip(cells["recipe_hash"], cells["seed"], strict=True)]
    labels = list(dict.fromkeys(row["candidate"] for row in shown.document["comparisons"]))
    frames["comparisons"] = _in_order(frames["comparisons"], labels)
    return Results(every.folder, measurements=_rows(cells, mine), **frames)


def _in_order(comparisons: pd.DataFrame, labels: Sequence[str]) -> pd.DataFrame:
    """The rows of each metric and scoring in the order of the comparison instead of the alphabet's."""
    places = comparisons["candidate"].map(labels.index)
    order = comparisons.assign(place=places).sort_values(["metric", "scoring", "place"], kind="stable").index
    return comparisons.loc[order].reset_index(drop=True)


def _where(frame: pd.DataFrame, key: Mapping[str, object]) -> pd.DataFrame:
    """The rows with these values, as far as the table has such columns."""
    for column in [name for name in key if name in frame.columns]:
        frame = _rows(frame, [value == key[column] for value in frame[column]])
    return frame


def _rows(frame: pd.DataFrame, wanted: Sequence[bool]) -> pd.DataFrame:
    return frame.take(np.flatnonzero(wanted)).reset_index(drop=True)
