"""Prepare, plan, run: what every verb that needs finished stages does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import Console

from benchbench.commands.data_view import data_lines, label_lines, made_lines, used_splits
from benchbench.commands.plan_view import stop_lines
from benchbench.commands.planned_executor import chosen_executor, together
from benchbench.commands.round_models import RoundModels
from benchbench.commands.stage_estimates import needs_on
from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.core.records import StageRecord
from benchbench.plan.assumed import assumptions
from benchbench.plan.build import build_plan
from benchbench.plan.checks import check_all
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.prepare import prepare_all
from benchbench.plan.prepared import Prepared
from benchbench.plan.prompt_sets import PreparedPrompts
from benchbench.plan.replicates import copies
from benchbench.plan.starts import and_starts
from benchbench.recipe.load import Loaded
from benchbench.run.live_curves import live_curves
from benchbench.run.machine import AUTO, LOCAL, TORCHRUN, Machine, choose_machine, open_executor
from benchbench.run.progress import ProgressView
from benchbench.run.scheduler import RunResult, Scheduler
from benchbench.run.spreading import require_spreadable
from benchbench.run.trackers import require_tracker
from benchbench.stages.settings import ReadingSettings
from benchbench.store.drafts import remove_stale_drafts
from benchbench.store.lease_files import LEASES, RESULT_LEASES
from benchbench.store.leases import remove_leftovers
from benchbench.store.offline import offline
from benchbench.store.runs import RunStore, default_results, default_root
from benchbench.store.sessions import planning, running_plan
from benchbench.store.shared_folder import require_safe_folder

CACHES_ANSWERS = ("judge", "label")
"""Kinds of stages that keep a judge's answers in a database, which locks its file."""


@dataclass(frozen=True)
class RunOptions:
    """How a verb runs its stages."""

    device: str = "auto"
    workers: int | None = None
    runs: Path | None = None
    results: Path | None = None
    dry_run: bool = False
    """Nothing is to run: what is not on this machine is assumed, and no network is used."""
    log_to: str | None = None
    """Tracker that curves are passed on to while stages run; none for none."""
    executor: str = AUTO
    """What runs the stages: one of `run.machine.EXECUTORS`."""
    world_size: int | None = None
    """Processes that train a stage together; none for one on each card, or where each stage has one."""
    shard_layers: bool = False
    """Each of these processes keeps a part of every decoder layer; else the whole model."""
    device_share: float = 1.0
    """Part of a card that each stage takes."""
    verify: bool = False
    """Files in the hub's cache are read again and compared with the hub's hashes, whatever was verified before."""

    @property
    def store(self) -> RunStore:
        """The store of `runs/`."""
        return RunStore(self.runs or default_root())

    @property
    def spreads(self) -> bool:
        """Whether anything was said of several processes for one stage, or of several stages on one card."""
        return (
            self.executor not in (AUTO, LOCAL)
            or self.world_size is not None
            or self.shard_layers
            or self.device_share != 1
        )

    def machine(self, models: Iterable[tuple[str | None, Any]]) -> Machine:
        """Where stages run.

        Args:
            models: as `run.machine.choose_machine` takes them.

        Raises:
            BenchError: what was asked for is not here.
        """
        return choose_machine(
            self.device,
            self.workers,
            models,
            executor=self.executor,
            world_size=self.world_size,
            shards=self.shard_layers,
            device_share=self.device_share,
        )

    def spread(self, world_size: int, *, shards: bool) -> RunOptions:
        """The same with several processes for a stage."""
        return replace(self, executor=TORCHRUN, world_size=world_size, shard_layers=shards)

    @property
    def results_root(self) -> Path:
        """The folder of `results/`."""
        return self.results or default_results()


@dataclass(frozen=True)
class Session:
    """A plan with what it was made from."""

    plan: Plan
    prepared: list[Prepared]
    """What each recipe reads, in their order."""
    data_report: tuple[str, ...]
    """What was read, dropped, tied, identical or empty in the splits that the recipes use, and where responses end."""
    assumed: tuple[str, ...] = ()
    """What is not here and what is assumed of it; such a plan is looked at, and never run."""
    options: RunOptions = RunOptions()
    """How its stages are to run."""

    @property
    def cells(self) -> Sequence[Cell]:
        """The plan's cells."""
        return self.plan.cells


def open_session(
    loaded: Sequence[Loaded],
    seeds: Iterable[int],
    options: RunOptions,
    *,
    score_split: str | None = None,
    with_samples: bool = False,
    baseline: str | None = None,
    prompts: PreparedPrompts | None = None,
) -> Session:
    """Bring data and weights to disk, check them against the recipes, and plan the stages.

    Args:
        loaded: the recipes.
        seeds: one cell each.
        options: of the run.
        score_split: score another split than the recipes name.
        with_samples: draw and judge responses, too, where the recipes have them drawn.
        baseline: label that the others' responses are judged against.
        prompts: that are answered instead of the recipes' own split.

    Raises:
        BenchError: what cannot be had (exit code 5), or data that the recipes cannot use (2), all faults at once.
    """
    if options.log_to is not None:
        require_tracker(options.log_to)
    # otherwise nobody asks which devices there are until something runs
    machine = options.machine(()) if options.spreads else None
    seeds = tuple(seeds)
    root = options.store.root
    with offline("--dry-run") if options.dry_run else planning(options.store):
        prepared = prepare_all(loaded, root, assume=options.dry_run, score_split=score_split, verify=options.verify)
    each = list(zip(loaded, prepared, strict=True))
    here = [(item, reads) for item, reads in each if not reads.missing]
    device = cache(lambda: choose_machine(options.device, None, ()).device_kind)
    check_all(here, score_split=score_split, with_samples=with_samples, prompts=prompts, device=device)
    plan = build_plan(
        [(item, reads, seeds) for item, reads in each],
        score_split=score_split,
        with_samples=with_samples,
        baseline=baseline,
        prompts=prompts,
        device=device,
    )
    also = [] if score_split is None else [score_split]
    if machine is not None:
        store = options.store
        require_spreadable([spec for key, spec in plan.stages.items() if not store.is_done(key)], machine)
    here = and_starts(here)
    report = [line for item, reads in here for line in data_lines(reads.data, [*used_splits(item), *also])]
    report += [line for item, reads in here for line in label_lines(item, reads.data)]
    report += made_lines(plan, options.store) + stop_lines(plan)
    assumed = dict.fromkeys(line for item, reads in each for line in assumptions(reads, item))
    return Session(plan, prepared, tuple(dict.fromkeys(report)), tuple(assumed), options)


def run_session(session: Session, options: RunOptions, console: Console) -> RunResult:
    """Run what is not finished; failures are shown and returned, not raised."""
    assert not session.assumed, "a plan of what is not here"
    store = options.store
    with running_plan(store, session.plan.stages.values()):
        return _run(session, options, store, console)


def _run(session: Session, options: RunOptions, store: RunStore, console: Console) -> RunResult:
    for folder, leases in ((store.root, LEASES), (options.results_root, RESULT_LEASES)):
        remove_stale_drafts(folder)
        remove_leftovers(folder / leases)
    store.set_damaged_aside(session.plan.stages)
    for line in copies(session.plan):
        console.print(line, highlight=False, markup=False)
    todo = [key for key in session.plan.stages if not store.is_done(key)]
    if not todo:
        RoundModels(None, store, session.plan).drop()  # of a command that was killed before it could
        console.print(f"all {len(session.plan.stages)} stages are finished already", highlight=False)
        return RunResult()
    require_safe_folder(store.root, with_locks=any(session.plan.stages[key].kind in CACHES_ANSWERS for key in todo))
    for line in session.data_report:
        console.print(line, highlight=False, markup=False)
    specs = [spec for spec in session.plan.stages.values() if isinstance(spec.settings, ReadingSettings)]
    models = [(spec.run.model_path, spec.settings.model.from_config) for spec in specs]
    choice = chosen_executor(session, options, todo, models)
    machine = choice.machine
    console.print(
        f"{len(todo)} of {len(session.plan.stages)} stages to run on {machine.device_names}; "
        f"workers: {machine.workers}, threads of each: {machine.threads}{together(choice)}",
        highlight=False,
    )
    stages = {key: session.plan.stages[key] for key in todo}
    with (
        ProgressView(console, stages, seconds=_seconds_of_kinds(session.plan, store)) as view,
        live_curves(options.log_to, view, store, partial(console.print, highlight=False, markup=False)) as listener,
    ):
        executor = open_executor(machine, store.root)
        say = partial(console.print, highlight=False, markup=False)
        needs = needs_on(choice, session.plan.stages, session.prepared, say, todo=todo)
        models = RoundModels(listener, store, session.plan)
        result = Scheduler(executor, store, models, needs=needs).run(session.plan.stages)
    if result.signal is not None:
        raise Stopped(result.signal)
    for line in made_lines(session.plan, store):
        if line not in session.data_report:
            console.print(line, highlight=False, markup=False)
    return result


def _seconds_of_kinds(plan: Plan, store: RunStore) -> dict[str, float]:
    """Kind -> mean seconds of the plan's stages of it that are finished; another setting's would say nothing."""
    seconds: dict[str, list[float]] = {}
    for key, spec in plan.stages.items():
        record = store.record(key)
        if record is not None and record.status == "done":
            seconds.setdefault(spec.kind, []).append(record.seconds)
    return {kind: fmean(values) for kind, values in seconds.items()}


class Stopped(BenchError):
    """The run was interrupted; checkpoints are on disk."""

    def __init__(self, number: int) -> None:
        super().__init__("stopped; the same command goes on from the checkpoints", exit_code=ExitCode.FAILED)
        self.number = number

    @property
    def status(self) -> int:
        """130 for an interrupt from the keyboard, 143 for a request to terminate."""
        return 128 + self.number


def incomplete(session: Session, store: RunStore, result: RunResult) -> BenchError | None:
    """The error for a grid with failed cells; it never exits 0."""
    cells = session.plan.unfinished(store.is_done)
    if not cells:
        return None
    faults = [Fault(f"{cell.loaded.label} seed {cell.seed}", failure(cell, session.plan, result)) for cell in cells]
    return BenchError.of_faults("incomplete", faults, exit_code=code_of_failures(result))


def code_of_failures(result: RunResult) -> ExitCode:
    """What a command ends with some of whose stages failed.

    2 where all that failed is the user's to mend, such as an example that is too long; 5 where all of it wants what
    cannot be had, such as room on a disk; 4 otherwise.
    """
    codes = {record.summary.get("exit_code") for record in result.failed.values()}
    same = codes in ({ExitCode.USAGE}, {ExitCode.UNAVAILABLE})
    return ExitCode(codes.pop()) if same else ExitCode.INCOMPLETE


def failure(cell: Cell, plan: Plan, result: RunResult) -> str:
    """Why a cell is not finished: the stage that failed, with the beginning of its message."""
    for key in plan.closure(cell):
        if key in result.failed:
            return f"stage '{plan.stages[key].title}' failed: {in_one_line(result.failed[key])} (see {key})"
    return "not run"


def in_one_line(record: StageRecord) -> str:
    """Why a stage failed: the user's errors by their beginning, ours by the last line of the traceback."""
    lines = [line.strip() for line in record.message.strip().splitlines()]
    if not lines:
        return "no message"
    return "; ".join(lines[:2]) if "exit_code" in record.summary else lines[-1]
