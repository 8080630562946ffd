"""Prompts, answers and verdicts of finished cells as tidy frames, for who wants to read what a win rate is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pandas as pd

from benchbench.core.data_ref import DataRef
from benchbench.core.errors import BenchError
from benchbench.core.example import Example
from benchbench.data.serial import from_json
from benchbench.judging.chosen import chosen_responses
from benchbench.plan.graph import Cell, Plan
from benchbench.plan.judge_stages import CHOSEN
from benchbench.store.generations import read_generations
from benchbench.store.made import made_lines
from benchbench.store.prepared import read_prepared
from benchbench.store.runs import RunStore
from benchbench.store.verdicts import read_verdicts

_VERDICT_COLUMNS = ("example", "sample", "order", "outcome", "score", "opponent_score", "raw", "note")


def answer_frames(cells: Sequence[Cell], plan: Plan, store: RunStore) -> dict[str, pd.DataFrame]:
    """`prompts.parquet`, `answers.parquet` and `verdicts.parquet`; none where nothing was drawn.

    Raises:
        BenchError: responses or verdicts that are damaged.
    """
    drawn = [cell for cell in cells if cell.generate is not None]
    if not drawn:
        return {}
    answers = pd.concat([_answers(cell, store) for cell in drawn], ignore_index=True)
    verdicts = [_verdicts(cell, opponent, key, store) for cell in drawn for opponent, key in cell.verdicts.items()]
    frames = {
        "prompts.parquet": _prompts(drawn, plan, store, list(dict.fromkeys(answers["example"]))),
        "answers.parquet": answers,
    }
    return frames | ({"verdicts.parquet": pd.concat(verdicts, ignore_index=True)} if verdicts else {})


def well_formed(text: str) -> str:
    """A text that any file can hold: halves of surrogate pairs, which a model may emit, are joined or replaced."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _answers(cell: Cell, store: RunStore) -> pd.DataFrame:
    frame = read_generations(store.sound_folder(str(cell.generate)))
    return pd.DataFrame(
        {
            "label": cell.loaded.label,
            "seed": cell.seed,
            "example": frame["example"].astype(str),
            "sample": frame["sample"],
            "text": [well_formed(text) for text in frame["text"]],
            "tokens": [len(tokens) for tokens in frame["tokens"]],
            "finish": frame["finish"].astype(str),
        }
    )


def _verdicts(cell: Cell, opponent: str, key: str, store: RunStore) -> pd.DataFrame:
    frame = read_verdicts(store.sound_folder(key))[list(_VERDICT_COLUMNS)]
    texts = {name: [well_formed(str(text)) for text in frame[name]] for name in ("example", "raw", "note")}
    about = {"label": cell.loaded.label, "opponent": opponent, "seed": cell.seed}
    return frame.assign(**texts, **about).loc[:, [*about, *_VERDICT_COLUMNS]]


def _prompts(cells: Sequence[Cell], plan: Plan, store: RunStore, names: Sequence[str]) -> pd.DataFrame:
    """One row per answered prompt: its turns as JSON, and the response that the data prefers, where it has one."""
    specs = [plan.stages[str(cell.generate)] for cell in cells]
    sources = dict.fromkeys((spec.settings.data, spec.run.data_key) for spec in specs)
    examples = {name: example for source in sources for name, example in _examples(*source, store).items()}
    answered = {name: examples[name] for name in names if name in examples}
    chosen = _chosen(answered)
    rows = [
        {
            "example": name,
            "turns": json.dumps([[turn.role, well_formed(turn.content)] for turn in example.prompt]),
            CHOSEN: well_formed(chosen.get(name, "")),
        }
        for name, example in answered.items()
    ]
    return pd.DataFrame(rows, columns=["example", "turns", CHOSEN])


def _examples(data: DataRef, data_key: str, store: RunStore) -> Mapping[str, Example]:
    if data.made_by is not None:
        lines = made_lines(store.sound_folder(data.made_by), data.split)
    else:
        prepared = read_prepared(store.root, data_key)
        assert prepared is not None, "a plan prepares what its cells answer"
        lines = prepared.lines(data.split)
    return {example.id: example for example in map(from_json, lines)}


def _chosen(examples: Mapping[str, Example]) -> Mapping[str, str]:
    try:
        return chosen_responses(examples)
    except BenchError:  # nothing is compared with a chosen response of such data
        return {}
