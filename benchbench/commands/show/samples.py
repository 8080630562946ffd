"""`bench show samples`: the answers of two finished policies to the same prompts, with every verdict on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.commands.resolve import parse_seeds, refuse_unread, resolve_all
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.core.data_ref import DataRef
from benchbench.core.errors import BenchError, ExitCode, suggestion, unknown_name
from benchbench.core.example import Example
from benchbench.data.prompt_files import read_prompt_file
from benchbench.data.serial import from_json
from benchbench.judging.chosen import chosen_responses
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.judge_stages import CHOSEN
from benchbench.plan.prompt_sets import prepare_prompts
from benchbench.recipe.load import Loaded
from benchbench.recipe.overrides import parse_overrides
from benchbench.report.answers import TIE, AnsweredPrompt, GivenVerdict, PolicyAnswer
from benchbench.store.generations import read_generations
from benchbench.store.made import made_lines
from benchbench.store.prepared import read_prepared
from benchbench.store.runs import RunStore
from benchbench.store.verdicts import read_verdicts


@dataclass(frozen=True)
class SamplesRequest:
    """Whose answers, and which of them."""

    targets: Sequence[str]
    setting: str | None = None
    seed: str | None = None
    overrides: Sequence[str] = ()
    prompts: Path | None = None
    """File of prompts that were answered instead of the setting's own split."""
    ids: Sequence[str] = ()
    """None takes the first ones."""
    won: str | None = None
    """Only prompts that this method won against the other, or `tie`."""
    count: int = 3


@dataclass(frozen=True)
class ShownSamples:
    """Answers side by side."""

    labels: tuple[str, str]
    seed: int
    answered: tuple[AnsweredPrompt, ...]
    total: int
    """Answers of each; of those that were asked for where `won` was given."""
    notes: tuple[str, ...]


def show_samples(request: SamplesRequest, options: RunOptions) -> ShownSamples:
    """Answers of two methods at one seed, with what a judge said of them.

    Raises:
        BenchError: not two methods, a setting without responses, ids that no prompt has, answers to different prompts;
            exit code 4 where responses are not drawn yet.
    """
    if len(request.targets) != 2:
        raise BenchError(f"show samples: expected two methods, got {len(request.targets)}")
    if request.count < 1:
        raise BenchError(f"--count: expected 1 or more, got {request.count}")
    overrides = parse_overrides(request.overrides)
    if request.prompts is not None:
        refuse_unread(overrides)
    loaded = resolve_all(request.targets, setting=request.setting, overrides=overrides)
    seeds = parse_seeds(None if request.seed is None else [request.seed]) or loaded[0].recipe.seeds.list[:1]
    first, second = _answers_of(loaded, seeds, request, options)
    frames = [read_generations(options.store.sound_folder(str(cell.generate))) for cell in (first.cell, second.cell)]
    labels = (loaded[0].label, loaded[1].label)
    verdicts = list(_verdicts(first, second, options.store))
    places = [{(str(e), int(n)) for e, n in zip(f["example"], f["sample"], strict=True)} for f in frames]
    alone = len(places[0] ^ places[1])
    rows = list(_rows(labels, frames, _examples(first, options.store), verdicts))
    chosen = _chosen(rows, request, labels)
    direct = any({verdict.label, verdict.opponent} == {*labels} for verdict in verdicts)
    notes = (
        []
        if direct
        else [
            f"no verdicts of one against the other; `bench compare {' '.join(labels)}` makes them "
            "where the setting's judge compares rows"
        ]
    )
    notes += [f"{alone} answers left out: only one of the two has them"] if alone else []
    shown = chosen if request.ids else chosen[: request.count]
    return ShownSamples(labels, first.cell.seed, tuple(shown), len(chosen), tuple(notes))


@dataclass(frozen=True)
class _Answers:
    """A cell whose responses are drawn, and the plans in which it is judged."""

    cell: Cell
    plan: Plan
    judged: Sequence[Cell]
    """The same cell beside each of the two methods as the baseline."""


def _answers_of(
    loaded: Sequence[Loaded], seeds: Sequence[int], request: SamplesRequest, options: RunOptions
) -> tuple[_Answers, _Answers]:
    """Both cells, planned with either as the baseline, since verdicts may be of one against the other either way.

    Raises:
        BenchError: as `show_samples`.
    """
    prompt_set = (
        None if request.prompts is None else prepare_prompts(read_prompt_file(request.prompts), options.store.root)
    )
    sessions = [
        open_session(loaded, seeds, options, with_samples=True, baseline=item.label, prompts=prompt_set)
        for item in loaded
    ]
    cells = [[session.cells[place] for session in sessions] for place in (0, 1)]
    plan = sessions[0].plan
    without = [cell.loaded for (cell, _) in cells if cell.generate is None]
    if without:
        raise BenchError(
            f"{without[0].setting_path}: expected a generate section, which says how responses are drawn, found none; "
            "add one, or name another setting"
        )
    missing = [cell for (cell, _) in cells if not options.store.is_done(str(cell.generate))]
    if missing:
        named = " and ".join(f"{cell.loaded.label} seed {cell.seed}" for cell in missing)
        raise BenchError(
            f"{named}: expected finished responses below {options.store.root}, found none; `bench compare` draws them",
            exit_code=ExitCode.INCOMPLETE,
        )
    first, second = (_Answers(pair[0], plan, pair) for pair in cells)
    if _data(first) != _data(second):
        raise BenchError("show samples: expected answers to the same prompts, found recipes that answer different ones")
    return first, second


def _data(answers: _Answers) -> DataRef:
    data: DataRef = answers.plan.stages[str(answers.cell.generate)].settings.data
    return data


def _examples(answers: _Answers, store: RunStore) -> Mapping[str, Example]:
    """The examples whose prompts were answered, by id."""
    spec, data = answers.plan.stages[str(answers.cell.generate)], _data(answers)
    if data.made_by is not None:
        lines = made_lines(store.sound_folder(data.made_by), data.split)
    else:
        prepared = read_prepared(store.root, str(spec.run.data_key))
        assert prepared is not None, "a plan prepares what its cells read"
        lines = prepared.lines(data.split)
    return {example.id: example for example in map(from_json, lines)}


def _verdicts(first: _Answers, second: _Answers, store: RunStore) -> Iterator[GivenVerdict]:
    """Every finished verdict on one of the two against the other, or against the data's chosen response."""
    seen: set[str] = set()
    labels = {first.cell.loaded.label, second.cell.loaded.label}
    for cell in (*first.judged, *second.judged):
        for opponent, key in cell.verdicts.items():
            if key in seen or opponent not in {*labels, CHOSEN} or not store.is_done(key):
                continue
            seen.add(key)
            for row in read_verdicts(store.sound_folder(key)).to_dict("records"):
                yield GivenVerdict.of_row(row, label=cell.loaded.label, opponent=opponent)


def _rows(
    labels: tuple[str, str],
    frames: Sequence[pd.DataFrame],
    examples: Mapping[str, Example],
    verdicts: Sequence[GivenVerdict],
) -> Iterator[AnsweredPrompt]:
    """One row per prompt and sample that both answered, in the order of the first's."""
    by_place: dict[tuple[str, int], list[GivenVerdict]] = {}
    for verdict in verdicts:
        by_place.setdefault((verdict.example, verdict.sample), []).append(verdict)
    answers = [{(str(row["example"]), int(row["sample"])): row for row in frame.to_dict("records")} for frame in frames]
    for place, row in answers[0].items():
        if place in answers[1]:
            both = tuple(_answer(label, each) for label, each in zip(labels, (row, answers[1][place]), strict=True))
            example, of_prompt = examples[place[0]], tuple(by_place.get(place, ()))
            is_beside_chosen = any(verdict.opponent == CHOSEN for verdict in of_prompt)
            chosen = chosen_responses({example.id: example})[example.id] if is_beside_chosen else None
            yield AnsweredPrompt(*place, example.prompt, (both[0], both[1]), of_prompt, chosen)


def _answer(label: str, row: Mapping[Any, Any]) -> PolicyAnswer:
    return PolicyAnswer(label, str(row["text"]), len(row["tokens"]), str(row["finish"]))


def _chosen(rows: Sequence[AnsweredPrompt], request: SamplesRequest, labels: tuple[str, str]) -> list[AnsweredPrompt]:
    """The rows that were asked for.

    Raises:
        BenchError: ids that no prompt has, or a winner that is none of the two.
    """
    if request.won is not None and request.won not in {*labels, TIE}:
        raise unknown_name("winner of --won", request.won, {*labels, TIE})
    known = {row.example for row in rows}
    unknown = [name for name in request.ids if name not in known]
    if unknown:
        named = ", ".join(f"'{name}'" for name in unknown)
        raise BenchError(
            f"--id: expected ids of {len(known)} answered prompts, such as '{min(known)}', got {named}."
            f"{suggestion(unknown[0], known)}"
        )
    rows = [row for row in rows if not request.ids or row.example in request.ids]
    return [row for row in rows if request.won is None or row.winner == request.won]
