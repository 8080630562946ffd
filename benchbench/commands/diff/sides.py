"""The two sides of a diff: every stage that a run rests on, under the way that leads to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchbench.commands.run_plan import RunOptions
from benchbench.commands.run_target import RunTarget, planned_run, stage_folder, trained_folder
from benchbench.core.errors import BenchError, Fault
from benchbench.core.records import StageSpec
from benchbench.store.locks import LOCK
from benchbench.store.stage_files import StageFiles, read_stage

RUN = "run"
"""The way to a stage that was named itself."""
POLICY = "policy"
"""Input that is told by the kind of stage that left it, since a policy may rest on a policy."""
Way = str
"""Names of inputs from the run down to a stage, as in `run > sft` or `score > preference > reference`."""


@dataclass(frozen=True)
class DiffRequest:
    """Which runs are compared."""

    targets: tuple[str, str]
    setting: str | None = None
    seeds: Sequence[str] | None = None
    """One for both methods, or one for each."""
    overrides: Sequence[str] = ()


@dataclass(frozen=True)
class Side:
    """One of the two runs."""

    name: str
    stages: Mapping[Way, StageFiles]
    """Every stage that it rests on; several ways may lead to one stage."""
    missing: tuple[str, ...] = ()
    """Keys of stages that are not there, of a run that was named by its folder."""


def open_sides(request: DiffRequest, options: RunOptions) -> tuple[Side, Side]:
    """Both runs, with all that they rest on.

    A method at a seed stands for its whole cell, scores and responses included; beside a stage that is named by key or
    folder, for the stage that trains its model.

    Raises:
        BenchError: a target that names no run, or options that are not read.
    """
    folders = [stage_folder(target, options) for target in request.targets]
    seeds = _seeds(request, folders)
    if all(folder is not None for folder in folders):
        _refuse_unread(request)
    planned: list[RunTarget | None] = [
        None
        if folder is not None
        else planned_run(
            target, setting=request.setting, seed=seed, overrides=request.overrides, options=options, with_samples=True
        )
        for target, folder, seed in zip(request.targets, folders, seeds, strict=True)
    ]
    if planned[0] is not None and planned[1] is not None:
        return _of_cell(planned[0], options), _of_cell(planned[1], options)
    first, second = (_of_either(run, folder, options) for run, folder in zip(planned, folders, strict=True))
    return first, second


def _of_either(run: RunTarget | None, folder: Path | None, options: RunOptions) -> Side:
    """A stage that was named, or the one that trains a method's model."""
    if run is not None:
        return _of_folder(trained_folder(run, options))
    assert folder is not None, "a target is a method or a stage"
    return _of_folder(folder)


def _seeds(request: DiffRequest, folders: Sequence[Path | None]) -> Sequence[str | None]:
    """The seed of each target; none takes the recipe's first, and a stage has its own."""
    named = list(request.seeds or [])
    if len(named) > 2:
        raise BenchError(f"--seeds: expected one seed for both runs, or one for each, got {' '.join(named)}")
    if len(named) == 2 and any(folder is not None for folder in folders):
        raise BenchError("--seeds: expected one seed, that of the method, since the other run is a stage with its own")
    return (named * 2)[:2] if named else [None, None]


def _refuse_unread(request: DiffRequest) -> None:
    unread = {
        "--setting": request.setting is not None,
        "--seeds": bool(request.seeds),
        "--set": bool(request.overrides),
    }
    faults = [
        Fault(option, "not read, since both runs are stages; leave it out") for option in unread if unread[option]
    ]
    if faults:
        raise BenchError.of_faults("diff", faults)


def _of_cell(run: RunTarget, options: RunOptions) -> Side:
    """A cell as it is planned, with the records of what has run."""
    plan, store = run.session.plan, options.store
    roots = {role: key for role, key in run.cell.stages.items() if key is not None}

    def planned(key: str) -> StageFiles:
        folder = store.folder(key)
        spec = plan.stages[key]
        if (folder / LOCK).is_file():
            return read_stage(folder)
        return StageFiles(folder, StageSpec.from_json(spec.as_json()), None, ())

    ways = _ways(roots.items(), {key: spec.inputs for key, spec in plan.stages.items()})
    files = {key: planned(key) for key in dict.fromkeys(key for _, key in ways)}
    return Side(run.name, {way: files[key] for way, key in ways})


def _of_folder(folder: Path) -> Side:
    """A stage by its folder, with what it rests on in the same run folder."""
    root = read_stage(folder)
    files, missing, todo = {root.key: root}, list[str](), list(root.spec.inputs.values())
    while todo:
        key = todo.pop()
        if key in files or key in missing:
            continue
        there = root.store.folder(key)
        if (there / LOCK).is_file():
            files[key] = read_stage(there)
            todo += files[key].spec.inputs.values()
        else:
            missing.append(key)
    inputs = {key: stage.spec.inputs for key, stage in files.items()}
    ways = [(way, key) for way, key in _ways([(RUN, root.key)], inputs) if key in files]
    return Side(root.spec.title, {way: files[key] for way, key in ways}, tuple(sorted(missing)))


def _ways(roots: Iterable[tuple[Way, str]], inputs: Mapping[str, Mapping[str, str]]) -> list[tuple[Way, str]]:
    """(way, key) of everything below some stages, a stage before what it reads."""

    def below(way: Way, key: str) -> Iterator[tuple[Way, str]]:
        yield way, key
        for name, needed in inputs.get(key, {}).items():
            yield from below(f"{way} > {needed.partition('/')[0] if name == POLICY else name}", needed)

    return [place for way, key in roots for place in below(way, key)]
