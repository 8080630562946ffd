"""`bench audit seeds`: what each seed reached, whether seeds are different runs, and whether methods are paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchbench.commands.audit.recorded import SeedCell, recorded_cells, recorded_plan
from benchbench.commands.resolve import common_seeds, parse_seeds, resolve_all
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.comparison.pairs.replicates import content, joined_names, replicates
from benchbench.comparison.pairs.seed_rows import SeedRow, copies, parting, unpaired
from benchbench.core.errors import BenchError, ExitCode
from benchbench.plan.assumed import missing_lines
from benchbench.plan.draws import STREAMS, draws_under
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.replicates import run_of
from benchbench.recipe.overrides import parse_overrides
from benchbench.store.rows import read_rows
from benchbench.store.runs import RunStore


@dataclass(frozen=True)
class SeedsRequest:
    """Whose seeds are looked at; without targets those of every policy of `runs/`."""

    targets: Sequence[str] = ()
    setting: str | None = None
    seeds: Sequence[str] | None = None
    overrides: Sequence[str] = ()


@dataclass(frozen=True)
class SeedAudit:
    """The seeds of all rows."""

    rows: tuple[SeedRow, ...]
    faults: tuple[str, ...]
    """Copies that pass for seeds, and pairs that are none, in lines."""
    unread: int = 0
    """Folders of stages that were not read."""
    assumed: tuple[str, ...] = ()
    """What was not here and what is assumed of it, in lines."""

    def verdict(self) -> BenchError | None:
        """How the command ends: exit code 3 where seeds are copies or not paired, 4 where some have not run."""
        if self.faults:
            lines = "\n".join(f"  {line}" for line in self.faults)
            return BenchError(f"{len(self.faults)} findings on seeds:\n{lines}", exit_code=ExitCode.GATE)
        missing = [f"{row.label} seed {seed}" for row in self.rows for seed in row.not_run]
        if missing:
            text = f"not run, so that only the plan was looked at: {', '.join(missing)}"
            return BenchError(text, exit_code=ExitCode.INCOMPLETE)
        return None


def audit_seeds(request: SeedsRequest, options: RunOptions) -> SeedAudit:
    """Look at the seeds of some rows, or of everything that ran.

    Where data or weights of the targets are not here, what a seed would reach is looked at in the recipe alone.

    Raises:
        BenchError: as planning the targets; without targets, exit code 5 where nothing has finished in `runs/`.
    """
    store = options.store
    if not request.targets:
        _refuse_unread(request)
        plan, unread = recorded_plan(store)
        cells = recorded_cells(plan)
        if not cells:
            raise BenchError(
                f"{store.root}: expected finished stages, found none; train something, or name another folder with "
                "--runs",
                exit_code=ExitCode.UNAVAILABLE,
            )
        return _audit(plan, cells, store, unread)
    loaded = resolve_all(request.targets, setting=request.setting, overrides=parse_overrides(request.overrides))
    seeds = common_seeds(loaded, parse_seeds(request.seeds))
    assumed: list[str] = []
    try:
        plan = open_session(loaded, seeds, options, with_samples=True).plan
    except BenchError as error:
        if error.exit_code is not ExitCode.UNAVAILABLE:
            raise
        planned = open_session(loaded, seeds, replace(options, dry_run=True), with_samples=True)
        # what is missing is in the error, with its reason; a dry run, which nobody asked for, would give another one
        missing = {line for reads in planned.prepared for line in missing_lines(reads)}
        remarks = [line for line in planned.assumed if line not in missing]
        plan, assumed = planned.plan, [" ".join(str(error).split()), *remarks]
    return replace(audit_cells(plan, plan.cells, store), assumed=tuple(assumed))


def audit_cells(plan: Plan, cells: Sequence[Cell], store: RunStore) -> SeedAudit:
    """Look at the seeds of planned cells, finished or not."""
    return _audit(plan, [_planned(cell) for cell in cells], store, 0)


def _refuse_unread(request: SeedsRequest) -> None:
    if request.setting is not None or request.seeds or request.overrides:
        raise BenchError("--setting, --seeds and --set: not read without a target; name methods or recipes before them")


def _planned(cell: Cell) -> SeedCell:
    recipe = cell.loaded.recipe
    rows = cell.reward if recipe.is_reward_model and cell.reward else cell.score
    roots = tuple(key for key in (cell.policy, rows, cell.generate) if key is not None)
    return SeedCell(cell.loaded.label, cell.seed, recipe.setting, roots, cell.policy, rows)


def _audit(plan: Plan, cells: Sequence[SeedCell], store: RunStore, unread: int) -> SeedAudit:
    by_row: dict[tuple[str, str], list[SeedCell]] = {}
    for cell in cells:
        by_row.setdefault((cell.group, cell.label), []).append(cell)
    rows = tuple(_row(plan, row_cells, store) for row_cells in by_row.values())
    return SeedAudit(rows, (*copies(rows), *unpaired(rows)), unread)


def _row(plan: Plan, cells: Sequence[SeedCell], store: RunStore) -> SeedRow:
    by_seed = {cell.seed: draws_under(plan, cell.roots) for cell in cells}
    places = sorted({place for draws in by_seed.values() for place in draws}, key=lambda p: (STREAMS.index(p[0]), p[1]))
    draws = {place: {seed: each.get(place, frozenset()) for seed, each in by_seed.items()} for place in places}
    seeds = [cell.seed for cell in cells]
    names = [[run_of(plan, cell.rows or cell.roots[0]) for cell in cells]]
    contents = [_content(cell, store) for cell in cells]
    looked_at = "settings"
    if all(contents):
        names.append([str(each) for each in contents])
        looked_at = "settings and scored rows"
    label = cells[0].label
    runs = replicates(seeds, {label: joined_names(seeds, names)})
    not_run = tuple(cell.seed for cell in cells if not all(map(store.is_done, cell.roots)))
    losses = [] if not_run else [store.logged_losses(cell.policy) for cell in cells if cell.policy is not None]
    return SeedRow(label, cells[0].group, draws, runs, looked_at, not_run, parting(losses))


def _content(cell: SeedCell, store: RunStore) -> str | None:
    """Hash of what a finished scoring came to; none where there is none."""
    if cell.rows is None or not store.is_done(cell.rows):
        return None
    frame = read_rows(store.sound_folder(cell.rows))
    return content(frame, [name for name in ("logp_sum", "logp_mean", "reward") if name in frame.columns])
