"""The grids of several methods as one plan: trained, scored on a validation split, and picked from by the rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from rich.console import Console

from benchbench import metrics
from benchbench.commands.cell_rows import scored_cell
from benchbench.commands.resolve import common_seeds, parse_seeds, resolve
from benchbench.commands.run_plan import RunOptions, Session, failure, open_session, run_session
from benchbench.commands.tune.grid import Axis, Setting, Widened, edge_notes, parse_grid, settings_of, widen
from benchbench.commands.tune.rule import Tried, Tuned, pick
from benchbench.comparison.pairs.grid import ScoredCell, contributions, same_runs
from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.plan.graph import Cell
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import Override, parse_overrides
from benchbench.run.scheduler import RunResult
from benchbench.store.runs import RunStore

DIVERGED = "diverged"
"""Why a cell is not finished, where its own training diverged."""


@dataclass(frozen=True)
class TuneRequest:
    """What is to be tuned."""

    targets: Sequence[str]
    grid: Sequence[str]
    split: str = "validation"
    setting: str | None = None
    seeds: Sequence[str] | None = None
    overrides: Sequence[str] = ()
    widen: bool = False
    """Add one value where one at the edge of an axis was chosen, and choose again; once for each method."""


@dataclass(frozen=True)
class MethodGrid:
    """The grid of one method, as it is planned."""

    target: str
    loaded: Loaded
    """The recipe without the grid's values."""
    axes: tuple[Axis, ...]
    settings: list[Setting]
    named: list[Loaded]
    """[settings] the recipe under each setting, with a label of its own."""
    added: tuple[Override, ...] = ()
    """Values by which it was widened."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class TunedGrids:
    """What became of every grid."""

    grids: list[MethodGrid]
    tuned: list[Tuned]
    """[grids] in the same order."""
    error: BenchError | None = field(default=None)
    """Grids that failed otherwise than by divergence, or of which no setting was left."""


def plan_grids(request: TuneRequest) -> list[MethodGrid]:
    """The grid of every target; nothing runs.

    Raises:
        BenchError: the split that the recipe is reported on, which tuning on it would spend; targets named twice; a
            headline that is no mean over pairs; a key or value that a recipe does not take.
    """
    fixed = parse_overrides(request.overrides)
    axes = parse_grid(request.grid)
    grids = [_grid(target, axes, request, fixed) for target in request.targets]
    _refuse_twice(grids)
    _refuse_score(grids, request.split)
    return grids


def run_grids(grids: list[MethodGrid], request: TuneRequest, options: RunOptions, console: Console) -> TunedGrids:
    """Train every setting of every grid, score it on the validation split, pick by the rule."""
    seeds = common_seeds([grid.named[0] for grid in grids], parse_seeds(request.seeds))
    tuned = _run(grids, seeds, request.split, options, console)
    if request.widen:
        fixed = parse_overrides(request.overrides)
        grids = [_widened(grid, result, request, fixed) for grid, result in zip(grids, tuned, strict=True)]
        if any(grid.added for grid in grids):
            tuned = _run(grids, seeds, request.split, options, console)
        else:
            tuned = [replace(t, notes=(*t.notes, *g.notes)) for g, t in zip(grids, tuned, strict=True)]
    return TunedGrids(grids, tuned, _error(tuned))


def _grid(target: str, axes: Sequence[Axis], request: TuneRequest, fixed: Sequence[Override]) -> MethodGrid:
    """The grid of one target.

    Raises:
        BenchError: a key or value that its recipe does not take.
    """
    settings = settings_of(axes)
    loaded = [resolve(target, setting=request.setting, overrides=(*fixed, *values)) for values in settings]
    base = resolve(target, setting=request.setting, overrides=fixed)
    named = [_named(item, values) for item, values in zip(loaded, settings, strict=True)]
    return MethodGrid(target, base, tuple(axes), settings, named)


def _named(loaded: Loaded, values: Setting) -> Loaded:
    """The recipe under a variant name of its own, so that cells of the grid can be distinguished."""
    method = loaded.recipe.method
    texts = [method.variant] * (method.variant != "default") + [override.text for override in values]
    method = method.model_copy(update={"variant": ",".join(texts)})
    return replace(loaded, recipe=loaded.recipe.model_copy(update={"method": method}))


def _refuse_twice(grids: Sequence[MethodGrid]) -> None:
    labels = [grid.loaded.label for grid in grids]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise BenchError(f"{', '.join(twice)}: named twice; a method has one grid")


def _refuse_score(grids: Sequence[MethodGrid], split: str) -> None:
    for recipe in (grid.named[0].recipe for grid in grids):
        if split == recipe.score.split:
            raise BenchError(
                f"--split: '{split}' is the split that results are reported on; tune on another, as validation"
            )
        name, _ = recipe.headline
        if metrics.get(name).per_pair is None:
            raise BenchError(
                f"score.headline.metric: '{name}' is no mean over pairs, so the rule has no standard error"
            )


def _widened(grid: MethodGrid, tuned: Tuned, request: TuneRequest, fixed: Sequence[Override]) -> MethodGrid:
    """The grid with one more value beyond each edge that was chosen; as it was, with a note, where that cannot be."""
    if tuned.chosen is None:
        return grid
    wider: Widened = widen(grid.axes, tuned.chosen)
    if not wider.added:
        return replace(grid, notes=wider.notes)
    try:
        grown = _grid(grid.target, wider.axes, request, fixed)
    except BenchError as error:
        values = ", ".join(value.text for value in wider.added)
        reason = " ".join(str(error).split())
        return replace(grid, notes=(*wider.notes, f"{values}: beyond the grid, and refused, so not widened ({reason})"))
    return replace(grown, added=wider.added, notes=wider.notes)


def _run(
    grids: Sequence[MethodGrid], seeds: tuple[int, ...], split: str, options: RunOptions, console: Console
) -> list[Tuned]:
    """One plan for all cells of all grids, so that every worker is busy; what each grid came to."""
    session = open_session([item for grid in grids for item in grid.named], seeds, options, score_split=split)
    result = run_session(session, options, console)
    cells: dict[str, list[Cell]] = {}
    for cell in session.cells:
        cells.setdefault(cell.loaded.label, []).append(cell)
    reader = _Reader(session, options.store, split, result)
    return [_tuned(grid, seeds, split, cells, reader) for grid in grids]


@dataclass(frozen=True)
class _Reader:
    """Reads what a run left of each cell."""

    session: Session
    store: RunStore
    split: str
    result: RunResult

    def scored(self, cell: Cell) -> ScoredCell:
        """The rows of a finished cell."""
        return scored_cell(cell, self.store, self.split, self.session.plan)

    def failure(self, cell: Cell) -> str:
        """Why a cell is not finished: empty where it is, `diverged` where its own training diverged."""
        keys = [key for key in cell.stages.values() if key is not None]
        if all(self.store.is_done(key) for key in keys):
            return ""
        record = self.result.failed.get(cell.policy or "")
        return DIVERGED if record is not None and record.has_diverged else failure(cell, self.session.plan, self.result)


def _tuned(
    grid: MethodGrid, seeds: tuple[int, ...], split: str, cells: Mapping[str, Sequence[Cell]], reader: _Reader
) -> Tuned:
    failures = {(item.label, cell.seed): reader.failure(cell) for item in grid.named for cell in cells[item.label]}
    broken = [f"{label} seed {seed}: {why}" for (label, seed), why in failures.items() if why not in ("", DIVERGED)]
    if broken:
        return Tuned(grid.loaded.label, split, seeds, [], grid.notes, failed="; ".join(broken))
    tried = [
        None
        if any(failures[item.label, cell.seed] for cell in cells[item.label])
        else _tried(item, cells[item.label], reader.scored, seeds)
        for item in grid.named
    ]
    picked = pick(grid.loaded.label, split, grid.settings, tried, seeds=seeds, added=grid.added)
    edges = () if picked.chosen is None else edge_notes(grid.axes, picked.chosen, widened=bool(grid.added))
    plan = reader.session.plan
    stages = {key for item in grid.named for cell in cells[item.label] for key in plan.closure(cell)}
    return replace(picked, notes=(*picked.notes, *grid.notes, *edges), stages=tuple(sorted(stages)))


def _tried(
    loaded: Loaded, cells: Sequence[Cell], read: Callable[[Cell], ScoredCell], seeds: tuple[int, ...]
) -> Tried | None:
    """The contributions of one setting to the headline metric, and which of its seeds are different runs.

    None where the metric is undefined, as it is where the weights are finite no more.
    """
    rules, (name, scoring) = loaded.recipe.score, loaded.recipe.headline
    metric = metrics.get(name)
    scored = [read(cell) for cell in cells]
    values = contributions(scored, metric, scoring, exclude=rules.exclude, tie_credit=rules.tie_credit)
    if not np.isfinite(values).all():
        return None
    runs = same_runs(scored, loaded.label, seeds, scoring)
    return Tried(loaded.label, seeds, values, runs, higher_is_better=metric.direction != "lower")


def _error(tuned: Sequence[Tuned]) -> BenchError | None:
    """What is wrong with some grids, after the others have been shown; exit code 4."""
    faults = [Fault(item.label, item.failed) for item in tuned if item.failed]
    faults += [
        Fault(item.label, "every setting of its grid diverged; give gentler values")
        for item in tuned
        if not item.failed and item.chosen is None
    ]
    return BenchError.of_faults("incomplete", faults, exit_code=ExitCode.INCOMPLETE) if faults else None
