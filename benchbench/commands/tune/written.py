"""results/<setting>/tuning/: the table, curve, rule and stages of every grid, as four files of each method."""

from __future__ import annotations

import shlex
from pathlib import Path

from benchbench import metrics
from benchbench.commands.tune.rule import RULE, RULE_TEXT, Tuned
from benchbench.commands.tune.run import MethodGrid, TunedGrids, TuneRequest
from benchbench.report.tuning import GridReport, grid_document, plot_grid
from benchbench.store.files import csv_text, write_files
from benchbench.store.results import ResultStore

FOLDER = "tuning"


def grid_report(grid: MethodGrid, tuned: Tuned, request: TuneRequest) -> GridReport:
    """What is said of one grid."""
    metric, scoring = grid.loaded.recipe.headline
    return GridReport(
        label=tuned.label,
        setting=grid.loaded.recipe.setting,
        split=tuned.split,
        metric=metric,
        scoring=scoring,
        unit=metrics.get(metric).unit,
        keys=tuple(axis[0].key for axis in grid.axes),
        seeds=tuned.seeds,
        rows=tuned.rows,
        rule=rule_words(),
        notes=tuned.notes,
        command=command_line(request),
    )


def rule_words() -> str:
    """The rule with its version."""
    return f"{RULE_TEXT} (rule {RULE}, fixed before any grid was looked at)"


def command_line(request: TuneRequest) -> str:
    """The command that asks for the same grids."""
    words = ["bench", "tune", *request.targets]
    words += [word for text in request.grid for word in ("--grid", text)]
    words += [] if request.split == TuneRequest.split else ["--split", request.split]
    words += [] if request.setting is None else ["--setting", request.setting]
    words += ["--seeds", *request.seeds] if request.seeds else []
    words += [word for text in request.overrides for word in ("--set", text)]
    return shlex.join([*words, *(["--widen"] if request.widen else [])])


def write_tuning(done: TunedGrids, request: TuneRequest, results: Path) -> list[Path]:
    """Write page, table, curve and stages of each grid that was finished, over earlier ones of the same method.

    Args:
        done: the grids.
        request: that asked for them.
        results: the `results/` folder.
    """
    written: list[Path] = []
    for grid, tuned in zip(done.grids, done.tuned, strict=True):
        if not tuned.rows:
            continue
        report = grid_report(grid, tuned, request)
        base = results / report.setting / FOLDER / tuned.label
        page, table, figure = (base.with_name(f"{base.name}{ending}") for ending in (".md", ".csv", ".png"))
        rows = csv_text(list(tuned.rows[0]), tuned.rows)
        write_files({figure: plot_grid(report), table: rows, page: grid_document(report, figure.name)})
        stages = ResultStore(results, report.setting).note_stages(
            f"{FOLDER}/{tuned.label}.stages.json", tuned.label, tuned.stages
        )
        written += [page, table, figure, stages]
    return written
