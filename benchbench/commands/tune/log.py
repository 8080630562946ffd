"""Rows of the log of what was tried."""

from __future__ import annotations

from pathlib import Path

from benchbench.commands.tune.rule import RULE, Tuned
from benchbench.commands.tune.run import Grid, TunedGrids
from benchbench.store.tuning_logs import update_tuning_log

_NAMES = {"below best": "below_best"}


def log_rows(grid: Grid, tuned: Tuned) -> list[dict[str, object]]:
    """A row for each setting of a grid; none of a grid that failed."""
    metric, scoring = grid.loaded.recipe.headline
    about = {"metric": metric, "scoring": scoring, "split": tuned.split, "rule": RULE}
    first = {"setting": grid.loaded.recipe.setting, "method": tuned.label}
    return [first | {_NAMES.get(key, key): value for key, value in row.items()} | about for row in tuned.rows]


def write_log(path: Path, done: TunedGrids) -> None:
    """Put every grid into a log.

    Raises:
        BenchError: a file that is no log.
    """
    rows = [row for grid, tuned in zip(done.grids, done.tuned, strict=True) for row in log_rows(grid, tuned)]
    update_tuning_log(path, rows)
