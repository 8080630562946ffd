"""What a user names as one run: the key or the folder of a stage, or a method at one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchbench import stages
from benchbench.commands.resolve import parse_seeds, resolve
from benchbench.commands.run_plan import RunOptions, Session, open_session
from benchbench.commands.train import trained_stage
from benchbench.core.errors import BenchError, ExitCode
from benchbench.plan.graph import Cell
from benchbench.recipe.overrides import parse_overrides
from benchbench.store.locks import LOCK
from benchbench.store.stage_files import StageFiles, find_stage, read_stage


@dataclass(frozen=True)
class RunTarget:
    """One seed of one recipe, planned."""

    session: Session
    cell: Cell
    with_samples: bool

    @property
    def name(self) -> str:
        """Label and seed."""
        return f"{self.cell.loaded.label} seed {self.cell.seed}"

    @property
    def stage(self) -> str | None:
        """Key of the stage that leaves what is trained; none where nothing is."""
        return trained_stage(self.cell, self.session.plan)


def stage_folder(target: str, options: RunOptions) -> Path | None:
    """The folder that a target names as a stage: a path with a lock file, or a key below `runs/`; none for a method.

    Raises:
        BenchError: a key of no stage, or of several.
    """
    if (Path(target) / LOCK).is_file():
        return Path(target)
    kind, slash, _ = target.partition("/")
    return find_stage(options.store, target) if slash and kind in stages.kinds() else None


def planned_run(
    target: str,
    *,
    setting: str | None,
    seed: str | None,
    overrides: Sequence[str],
    options: RunOptions,
    with_samples: bool = False,
) -> RunTarget:
    """One seed of a method or recipe, planned; nothing runs.

    Args:
        target: METHOD, METHOD@VARIANT or a recipe.
        setting: name or path; by default the toy setting's, or the recipe's own.
        seed: as given; none takes the recipe's first.
        overrides: `--set` values.
        options: of the run.
        with_samples: plan responses and verdicts, too.

    Raises:
        BenchError: as `resolve` and `open_session`.
    """
    loaded = resolve(target, setting=setting, overrides=parse_overrides(overrides))
    seeds = parse_seeds(None if seed is None else [seed]) or loaded.recipe.seeds.list[:1]
    session = open_session([loaded], seeds, options, with_samples=with_samples)
    return RunTarget(session, session.cells[0], with_samples)


def trained_folder(run: RunTarget, options: RunOptions) -> Path:
    """The folder of the stage that leaves what a run trains, finished or not.

    Raises:
        BenchError: exit code 4 where it never started; 2 where the run trains nothing.
    """
    if run.stage is None:
        raise BenchError(
            f"{run.name}: expected a run that trains one model, found one that trains none or several; name a stage by "
            "its key, as `bench status --all` lists them"
        )
    folder = options.store.folder(run.stage)
    if not (folder / LOCK).is_file():
        raise BenchError(
            f"{run.name}: expected a run below {options.store.root}, found none ({run.stage}); train it with "
            f"`bench train`, or name another seed or another folder with --runs",
            exit_code=ExitCode.INCOMPLETE,
        )
    return folder


def finished_stage(run: RunTarget, options: RunOptions) -> StageFiles:
    """The finished stage that leaves what a run trains.

    Raises:
        BenchError: as `trained_folder`; exit code 4 where it is not finished.
    """
    stage = read_stage(trained_folder(run, options))
    if stage.record is None or stage.record.status != "done":
        state = "none" if stage.record is None else f"one that is {stage.record.status}"
        raise BenchError(
            f"{run.name}: expected a finished training, found {state} ({stage.key}); `bench train` goes on with it",
            exit_code=ExitCode.INCOMPLETE,
        )
    return stage
