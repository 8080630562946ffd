"""`bench eval --prompts`: responses of finished policies, or of a model from elsewhere, to the prompts of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.console import Console

from benchbench.commands.evaluate.run import EXTERNAL, external_session, is_external
from benchbench.commands.resolve import parse_seeds, refuse_unread, resolve
from benchbench.commands.run_plan import RunOptions, Session, code_of_failures, in_one_line, open_session, run_session
from benchbench.comparison.pairs.grid import MissingRunsError
from benchbench.core.errors import BenchError, Fault
from benchbench.core.records import StageSpec
from benchbench.data.prompt_files import read_prompt_file
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.prompt_sets import PreparedPrompts, prepare_prompts
from benchbench.plan.prompt_stages import prompt_stages
from benchbench.recipe.overrides import parse_overrides
from benchbench.report.responses import statistics_frame
from benchbench.run.scheduler import RunResult
from benchbench.store.generations import read_engine, read_generations


@dataclass(frozen=True)
class Policies:
    """The policies that one target names, all of them finished."""

    target: str
    session: Session
    external: bool

    def label(self, cell: Cell) -> str:
        """Method of a row."""
        return EXTERNAL if self.external else cell.loaded.label

    def model(self, cell: Cell) -> str:
        """Name in other tools' files: label and seed, or what the model from elsewhere is called."""
        if not self.external:
            return _safe(f"{cell.loaded.label}-seed{cell.seed}")
        name = Path(self.target.partition("@")[0]).name
        return _safe(name if len(self.session.cells) == 1 else f"{name}-seed{cell.seed}")


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip(".") or "model"


def open_policies(
    target: str, *, setting: str | None, seeds: Sequence[str] | None, overrides: Sequence[str], options: RunOptions
) -> Policies:
    """The policies of a target; a recipe's must be finished, since nothing is trained here.

    Raises:
        BenchError: a setting without a `generate` section; exit code 4 for policies that are not finished, 5 for a
            model that cannot be had.
    """
    parsed = parse_overrides(overrides)
    external = is_external(target)
    if external:
        draw_seeds = parse_seeds(seeds) or (0,)
        session = external_session(target, setting, parsed, options, with_samples=True, seeds=draw_seeds)
    else:
        loaded = resolve(target, setting=setting, overrides=parsed)
        cells = parse_seeds(seeds) or loaded.recipe.seeds.list
        session = open_session([loaded], cells, options, with_samples=True)
    if any(cell.generate is None for cell in session.cells):
        path = session.cells[0].loaded.setting_path
        raise BenchError(
            f"{path}: expected a generate section, which says how responses are drawn (split, dtype, max_new_tokens, "
            "temperature, top_p, top_k, min_p, repetition_penalty), found none; add one"
        )
    store, missing = options.store, []
    for cell in session.cells:
        assert cell.generate is not None
        if not all(store.is_done(key) for key in session.plan.stages[cell.generate].inputs.values()):
            missing.append((cell.loaded.label, cell.seed))
    if missing:
        raise MissingRunsError(missing)
    return Policies(target, session, external)


def draw(
    target: str,
    file: Path,
    *,
    setting: str | None,
    seeds: Sequence[str] | None,
    overrides: Sequence[str],
    options: RunOptions,
    console: Console,
) -> pd.DataFrame:
    """Draw responses to a prompt file where they are not drawn yet, and say what they are like.

    Returns:
        One row per cell, turn and statistic, with the folder of the responses.

    Raises:
        BenchError: as `read_prompt_file` and `open_policies`; exit code 4 where responses could not be drawn.
    """
    refuse_unread(parse_overrides(overrides))
    read = read_prompt_file(file)
    policies = open_policies(target, setting=setting, seeds=seeds, overrides=overrides, options=options)
    prompts = prepare_prompts(read, options.store.root)
    stages = {id(cell): prompt_stages(policies.session.plan, cell, prompts) for cell in policies.session.cells}
    plan = Plan({spec.key: spec for each in stages.values() for spec in each})
    result = run_session(Session(plan, policies.session.prepared, ()), options, console)
    _refuse_failures(plan, result)
    return pd.concat(
        [_rows(policies, cell, stages[id(cell)], options) for cell in policies.session.cells], ignore_index=True
    )


def _rows(policies: Policies, cell: Cell, stages: Sequence[StageSpec], options: RunOptions) -> pd.DataFrame:
    frames = []
    for turn, spec in enumerate(stages, start=1):
        folder = options.store.sound_folder(spec.key)
        drawn = {(policies.label(cell), cell.seed): (read_generations(folder), read_engine(folder))}
        frames.append(statistics_frame(drawn).assign(turn=turn, folder=str(folder)))
    return pd.concat(frames, ignore_index=True).assign(target=policies.target)


def _refuse_failures(plan: Plan, result: RunResult) -> None:
    """The error for responses that could not be drawn."""
    faults = [
        Fault(plan.stages[key].title, f"{in_one_line(record)} (see {key})") for key, record in result.failed.items()
    ]
    faults += [Fault(plan.stages[key].title, "not run") for key in result.blocked]
    if faults:
        raise BenchError.of_faults("incomplete", faults, exit_code=code_of_failures(result))


def drawn_rows(stages: Sequence[StageSpec], options: RunOptions) -> pd.DataFrame | None:
    """Every response of finished stages, one per turn: example, turn, text, tokens (how many); none where any is not.

    Raises:
        BenchError: several samples per prompt, of which no format has a place.
    """
    if not all(options.store.is_done(spec.key) for spec in stages):
        return None
    frames = []
    for turn, spec in enumerate(stages, start=1):
        frame = read_generations(options.store.sound_folder(spec.key))
        if max(frame["sample"]) > 0:
            raise BenchError(
                f"{spec.title}: expected one response per prompt, found several; draw and export with "
                "--set generate.num_samples=1"
            )
        counts = [len(tokens) for tokens in frame["tokens"]]
        frames.append(frame[["example", "text"]].assign(turn=turn, tokens=counts))
    return pd.concat(frames, ignore_index=True)


def own_stages(policies: Policies, cell: Cell) -> list[StageSpec]:
    """The stage of a cell's responses to the setting's own split."""
    assert cell.generate is not None
    return [policies.session.plan.stages[cell.generate]]


def asked_stages(policies: Policies, cell: Cell, prompts: PreparedPrompts) -> list[StageSpec]:
    """The stages of a cell's responses to a prompt set, one per turn."""
    return prompt_stages(policies.session.plan, cell, prompts)
