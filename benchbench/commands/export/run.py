"""`bench export`: finished responses and pair scores as the files of other projects' tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchbench import exports
from benchbench.commands.evaluate.responses import Policies, asked_stages, drawn_rows, open_policies, own_stages
from benchbench.commands.export.pair_scores import pair_scores
from benchbench.commands.export.prompt_set import drawn_set, own_prompts
from benchbench.commands.export.token_length import COUNTERS, gpt_4o_lengths
from benchbench.commands.run_plan import RunOptions
from benchbench.core.errors import BenchError, ExitCode, Fault, unknown_name
from benchbench.core.export import Export, ExportedPairs, Responses
from benchbench.core.prompt_set import PromptSet
from benchbench.core.records import StageSpec
from benchbench.data.prompt_files import read_prompt_file
from benchbench.plan.graph import Cell
from benchbench.plan.prompt_sets import PreparedPrompts, prepare_prompts
from benchbench.store.files import json_text, write_files

MODEL, STATES = "model", "states"
"""What stands in the place of a format where something of one run is exported (`commands.export.model`, `.states`)."""


@dataclass(frozen=True)
class ExportRequest:
    """What is to be written where."""

    format: str
    targets: Sequence[str]
    out: Path
    prompts: Path | None = None
    """Prompt file of the responses; none takes the one prompt set that was drawn, or the setting's own split."""
    subsets: Path | None = None
    """Rows of id and subset, for pairs."""
    token_len: str = "own"
    """Whose tokens `arena_hard` counts, one of `token_length.COUNTERS`."""
    setting: str | None = None
    seeds: Sequence[str] | None = None
    overrides: Sequence[str] = ()


@dataclass(frozen=True)
class Exported:
    """What was written."""

    files: list[str]
    notes: list[str]
    """What a reader of the files has to know."""


@dataclass(frozen=True)
class _Material:
    """One model's material for an export."""

    material: Responses | ExportedPairs
    target: str
    stages: Sequence[str]


def export(request: ExportRequest, options: RunOptions) -> Exported:
    """Write one format for every cell of every target; all files or none.

    Raises:
        BenchError: an unknown format; exit code 4 for cells or responses that are not finished; two models of one
            name; responses or scores that the format has no place for.
    """
    if request.format not in exports.names():
        raise unknown_name("export format", request.format, [*exports.names(), MODEL, STATES])
    form = exports.get(request.format)
    if request.token_len not in COUNTERS:
        raise unknown_name("counter of --token-len", request.token_len, COUNTERS)
    _refuse_unread(form, request)
    if form.reads == "responses":
        models, prompts = _responses(form, request, options)
    else:
        models, prompts = _pairs(request, options), None
    names = [model.material.model for model in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BenchError(f"{', '.join(twice)}: two models of this name; export them into folders of their own")
    texts: dict[str, str] = {}
    for model in models:
        texts.update(form.files(model.material))
    notes = _notes(form, prompts, request.token_len)
    about = {
        "format": form.name,
        "version": form.version,
        "prompts": None if prompts is None else {"format": prompts.format, "count": len(prompts.prompts)},
        "models": {m.material.model: {"target": Path(m.target).name, "stages": list(m.stages)} for m in models},
        "notes": notes,
    }
    texts[f"{form.name}.export.json"] = json_text(about)
    write_files({request.out / name: text for name, text in texts.items()})
    return Exported([str(request.out / path) for path in texts], notes)


def _refuse_unread(form: Export, request: ExportRequest) -> None:
    """Refuse what this format would not read.

    Raises:
        BenchError: every such option at once.
    """
    unread = {
        "--prompts": request.prompts is not None and form.reads != "responses",
        "--subsets": request.subsets is not None and form.reads != "pairs",
        f"--token-len {request.token_len}": request.token_len != ExportRequest.token_len and form.name != "arena_hard",
    }
    faults = [Fault(option, f"{form.name} does not read it; leave it out") for option, wrong in unread.items() if wrong]
    if faults:
        raise BenchError.of_faults("export", faults)


def _notes(form: Export, prompts: PromptSet | None, token_len: str) -> list[str]:
    """What a reader cannot see from the files alone."""
    from benchbench.comparison.alpaca_eval.leaderboard import INSTRUCTIONS

    notes = []
    if form.name == "alpaca_eval" and prompts is not None and len(prompts.prompts) != INSTRUCTIONS:
        notes.append(
            f"{len(prompts.prompts)} prompts: a length-controlled AlpacaEval win rate needs all {INSTRUCTIONS} "
            "instructions in the official order; the raw one does not"
        )
    if form.name == "arena_hard" and token_len == "own":
        notes.append(
            "token_len is counted with each policy's own tokenizer; Arena-Hard's published answers are counted with "
            "gpt-4o's, so style control against them needs --token-len gpt-4o"
        )
    elif form.name == "arena_hard":
        notes.append("token_len is counted with gpt-4o's tokenizer, as in Arena-Hard's published answers")
    return notes


def _responses(form: Export, request: ExportRequest, options: RunOptions) -> tuple[list[_Material], PromptSet]:
    opened = [
        open_policies(
            target, setting=request.setting, seeds=request.seeds, overrides=request.overrides, options=options
        )
        for target in request.targets
    ]
    cells = [(policies, cell) for policies in opened for cell in policies.session.cells]
    if request.prompts is not None:
        chosen: PreparedPrompts | None = prepare_prompts(read_prompt_file(request.prompts), options.store.root)
    else:
        chosen = drawn_set(form.name, cells, options.store)
    prompts = own_prompts(cells) if chosen is None else chosen.prompts
    models = [_answered(policies, cell, prompts, chosen, options) for policies, cell in cells]
    if form.name == "arena_hard" and request.token_len == "gpt-4o":
        models = [_recounted(model) for model in models]
    return models, prompts


def _recounted(model: _Material) -> _Material:
    assert isinstance(model.material, Responses)
    rows = model.material.rows.assign(tokens=gpt_4o_lengths(model.material.rows["text"]))
    return replace(model, material=replace(model.material, rows=rows))


def _stages(policies: Policies, cell: Cell, chosen: PreparedPrompts | None) -> list[StageSpec]:
    return own_stages(policies, cell) if chosen is None else asked_stages(policies, cell, chosen)


def _answered(
    policies: Policies, cell: Cell, prompts: PromptSet, chosen: PreparedPrompts | None, options: RunOptions
) -> _Material:
    stages = _stages(policies, cell, chosen)
    rows = drawn_rows(stages, options)
    if rows is None:
        raise BenchError(
            f"{policies.target} seed {cell.seed}: expected finished responses to these prompts, found none; draw them "
            f"with bench eval {policies.target} --prompts FILE",
            exit_code=ExitCode.INCOMPLETE,
        )
    return _Material(Responses(policies.model(cell), prompts, rows), policies.target, [spec.key for spec in stages])


def _pairs(request: ExportRequest, options: RunOptions) -> list[_Material]:
    scored: list[Any] = [
        (scores, target, stages)
        for target in request.targets
        for scores, stages in pair_scores(
            target,
            subsets=request.subsets,
            setting=request.setting,
            seeds=request.seeds,
            overrides=request.overrides,
            options=options,
        )
    ]
    return [_Material(scores, target, stages) for scores, target, stages in scored]
