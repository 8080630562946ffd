"""Reference results as `bench reference` wrote them, read and checked."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from benchbench.commands.cell_rows import as_scored
from benchbench.comparison.claims.regression import WIN_RATE_COLUMNS, Band, Key, band, versus
from benchbench.comparison.pairs.grid import ScoredCell
from benchbench.comparison.pairs.replicates import replicates, run_names
from benchbench.comparison.pairs.scorings import SCORINGS
from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.model_files import weights_hash
from benchbench.plan.graph import Cell
from benchbench.stages.score.settings import SCORER_VERSION
from benchbench.store.reference import ReferenceStore

REMAKE = "make the reference again with `bench reference`"
_ABOUT = ("setting", "targets", "seeds", "tie_credit", "exclude", "headline", "checkpoint", "seed", "checkpoint_hash")


@dataclass(frozen=True)
class Committed:
    """A folder of reference results, read and checked."""

    store: ReferenceStore
    about: Mapping[str, Any]
    rows: pd.DataFrame
    values: Mapping[Key, float]
    verdicts: pd.DataFrame | None
    """None where nothing was judged."""
    win_rates: Mapping[Key, float]
    hashes: Mapping[str, str]
    """Recipe -> its hash."""

    @property
    def headline(self) -> tuple[str, str]:
        """(metric, scoring) that the gate is on."""
        metric, scoring = self.about["headline"]
        return metric, scoring

    def rows_of(self, frame: pd.DataFrame, recipe: str, seed: int) -> pd.DataFrame:
        """The committed rows or verdicts of one cell.

        Raises:
            BenchError: there are none.
        """
        rows = frame.loc[(frame["recipe"] == recipe) & (frame["seed"] == seed)].reset_index(drop=True)
        if rows.empty:
            raise BenchError(f"{self.store.folder}: expected rows of {recipe} seed {seed}, found none; {REMAKE}")
        return rows

    def bands(self, alpha: float) -> dict[tuple[str, str, str], Band]:
        """(recipe, metric, scoring) -> where a new run is to be expected; none where some committed runs are NaN.

        Seeds that are copies of one run count once.
        """
        runs: dict[tuple[str, str, str], dict[int, float]] = {}
        for (recipe, seed, metric, scoring), value in (*self.values.items(), *self.win_rates.items()):
            runs.setdefault((recipe, metric, scoring), {})[seed] = value
        whole = {
            k: by_seed for k, by_seed in runs.items() if len({math.isfinite(value) for value in by_seed.values()}) == 1
        }
        return {key: band(self._different(key, by_seed), alpha=alpha) for key, by_seed in whole.items()}

    def _different(self, key: tuple[str, str, str], values: Mapping[int, float]) -> list[float]:
        """The values of different runs; a win rate's are those of the policy."""
        recipe, _, scoring = key
        names = self._runs[recipe, scoring if scoring in SCORINGS else "logp_sum"]
        runs = replicates(list(values), {recipe: [names.get(seed, seed) for seed in values]})
        return runs.merged(np.array(list(values.values())))[0].tolist()

    @cached_property
    def _runs(self) -> Mapping[tuple[str, str], Mapping[int, int]]:
        """(recipe, scoring) -> seed -> its run, by the committed rows."""
        frames: dict[str, dict[int, pd.DataFrame]] = {}
        for recipe, of_recipe in self.rows.groupby("recipe"):
            frames[str(recipe)] = {int(str(seed)): frame for seed, frame in of_recipe.groupby("seed")}
        return defaultdict(
            dict,
            {
                (recipe, scoring): dict(zip(by_seed, run_names(by_seed, scoring), strict=True))
                for recipe, by_seed in frames.items()
                for scoring in SCORINGS
            },
        )


def read_reference(store: ReferenceStore) -> Committed:
    """Read a folder of reference results.

    Raises:
        BenchError: it is none, is damaged, has rows of several scorer versions or of another than this program's, or
            a checkpoint that is not the one the rows were scored with; the message has every file that is not as it
            was written.
    """
    store.about()
    try:
        return _read(store)
    except (BenchError, OSError, ValueError, LookupError, TypeError) as error:
        faults = store.faults()
        if isinstance(error, BenchError):
            message, code = str(error), error.exit_code
        elif faults:
            message = f"{store.folder}: expected the files that `bench reference` wrote, found damaged ones; {REMAKE}"
            code = ExitCode.USAGE
        else:
            raise
        raise BenchError("\n".join([message, *(f"  {line}" for line in faults)]), exit_code=code) from None


def _read(store: ReferenceStore) -> Committed:
    about = store.about()
    missing = [name for name in _ABOUT if name not in about]
    if missing:
        raise BenchError(f"{store.folder / 'about.json'}: expected {', '.join(missing)}, found none; {REMAKE}")
    rows, frame = store.rows(), store.measurements()
    versions = sorted({int(version) for version in rows["scorer_version"]})
    if versions != [SCORER_VERSION]:
        raise BenchError(
            f"{store.folder / 'rows.parquet'}: expected rows of scorer version {SCORER_VERSION}, "
            f"found {' and '.join(map(str, versions))}; {REMAKE}"
        )
    checkpoint_hash = weights_hash(store.checkpoint)
    if checkpoint_hash != about["checkpoint_hash"]:
        raise BenchError(
            f"{store.checkpoint}: expected the checkpoint {about['checkpoint_hash']} that the rows were scored with, "
            f"found {checkpoint_hash}; bring the right one back, or {REMAKE}"
        )
    records = frame.to_dict("records")
    values = {(r["recipe"], int(r["seed"]), r["metric"], r["scoring"]): float(r["value"]) for r in records}
    hashes = {r["recipe"]: r["recipe_hash"] for r in records}
    return Committed(store, about, rows, values, store.verdicts(), _win_rates(store), hashes)


def _win_rates(store: ReferenceStore) -> dict[Key, float]:
    frame = store.win_rates()
    if frame is None:
        return {}
    absent = [name for name in WIN_RATE_COLUMNS if name not in frame.columns]
    if absent:
        raise BenchError(f"{store.folder}: win_rates.csv: expected a column {', '.join(absent)}, found none; {REMAKE}")
    records = frame.to_dict("records")
    return {(r["recipe"], int(r["seed"]), r["metric"], versus(r["opponent"])): float(r["value"]) for r in records}


def scored_of(cell: Cell, committed: Committed) -> ScoredCell:
    """A committed cell as the comparison reads it."""
    rows = committed.rows_of(committed.rows, cell.loaded.recipe.name, cell.seed)
    return as_scored(cell, rows, device_kind=str(committed.about["environment"]["device_kind"]))
