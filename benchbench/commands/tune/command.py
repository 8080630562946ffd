"""The verb: plan the grids, refuse what would overwrite something else, run, write what was tried and chosen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchbench.commands.run_plan import RunOptions
from benchbench.commands.tune.recipes import refuse_other_recipes, write_recipes
from benchbench.commands.tune.rule import RULE, Tuned
from benchbench.commands.tune.run import MethodGrid, TunedGrids, TuneRequest, plan_grids, run_grids
from benchbench.commands.tune.written import write_tuning
from benchbench.store.tuning_logs import read_tuning_log, update_tuning_log

_NAMES = {"below best": "below_best"}
"""Columns of the log whose names in tables have a space."""


@dataclass(frozen=True)
class Outputs:
    """What is written beside the tables that are shown."""

    log: Path | None = None
    """CSV that the grids are put into."""
    recipes: Path | None = None
    """Folder that gets a recipe for each method."""
    force: bool = False
    """Write over recipes that differ in more than what is tuned."""


def tune(request: TuneRequest, outputs: Outputs, options: RunOptions, console: Console) -> TunedGrids:
    """Tune every target; what failed is in the result, after everything else has been written.

    Raises:
        BenchError: as `plan_grids`, and files that would be lost; all before anything is trained.
    """
    grids = plan_grids(request)
    if outputs.log is not None:
        read_tuning_log(outputs.log)
    if outputs.recipes is not None and not outputs.force:
        refuse_other_recipes(outputs.recipes, grids)
    done = run_grids(grids, request, options, console)
    written = write_tuning(done, request, options.results_root)
    if outputs.log is not None:
        write_log(outputs.log, done)
        written.append(outputs.log)
    if outputs.recipes is not None:
        written += write_recipes(outputs.recipes, done)
    for path in written:
        console.print(f"written: {path}", highlight=False, markup=False)
    return done


def log_rows(grid: MethodGrid, tuned: Tuned) -> list[dict[str, object]]:
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
