"""Prompts, answers and verdicts of finished stages, as they lie in a comparison's folder."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from benchbench.commands.report.answers import answer_frames, well_formed
from benchbench.core.data_ref import DataRef
from benchbench.core.example import Example, Message
from benchbench.data.serial import to_json
from benchbench.store.generations import COLUMNS, write_generations
from benchbench.store.prepared import write_prepared
from benchbench.store.runs import RunStore
from benchbench.store.verdicts import ROW_COLUMNS, write_verdicts
from tests.report.page.stored import EVIL


@pytest.fixture
def drawn(tmp_path: Path) -> tuple[list[Any], Any, RunStore]:
    """Two cells that answered two of three prompts, one of them judged against the data's responses."""
    store = RunStore(tmp_path)
    examples = [
        Example(
            f"e{n}", (Message("system", "be kind"), Message("user", EVIL if n else "ask")), (f"good {n}", f"bad {n}")
        )
        for n in range(3)
    ]
    write_prepared(tmp_path, "key", {"test": examples}, to_json, hashes={"test": "h"}, report={}, shapes={})
    cells = []
    for label in ("dpo", "sft"):
        rows = [(f"e{n}", 0, f"{label} {n}", [1, 2, n], "stop", 1, -1.0, -1.0) for n in range(2)]
        store.folder(f"generate/{label}").mkdir(parents=True)
        write_generations(store.folder(f"generate/{label}"), pd.DataFrame(rows, columns=list(COLUMNS)), {"engine": "e"})
        verdicts = {"chosen": "judge/1"} if label == "dpo" else {}
        loaded = SimpleNamespace(label=label)
        cells.append(SimpleNamespace(loaded=loaded, seed=7, generate=f"generate/{label}", verdicts=verdicts))
    store.folder("judge/1").mkdir(parents=True)
    verdict = dict.fromkeys(ROW_COLUMNS, "") | {"example": "e0", "sample": 0, "order": "first", "outcome": None}
    frame = pd.DataFrame([verdict | {"score": None, "opponent_score": None, "raw": "words"}])
    write_verdicts(store.folder("judge/1"), frame.assign(identical=False, length=1, opponent_length=1))
    spec = SimpleNamespace(settings=SimpleNamespace(data=DataRef("test", "h")), run=SimpleNamespace(data_key="key"))
    return cells, SimpleNamespace(stages={"generate/dpo": spec, "generate/sft": spec}), store


def test_every_answer_its_prompt_and_the_preferred_response_are_there(drawn):
    frames = answer_frames(*drawn)
    answers = frames["answers.parquet"]
    assert answers[["label", "seed", "example"]].values.tolist() == [
        [label, 7, f"e{n}"] for label in ("dpo", "sft") for n in range(2)
    ]
    assert answers["tokens"].tolist() == [3] * 4
    prompts = frames["prompts.parquet"].set_index("example")
    assert list(prompts.index) == ["e0", "e1"], "what was answered alone"
    assert json.loads(prompts.loc["e1", "turns"]) == [["system", "be kind"], ["user", EVIL]]
    assert prompts["chosen"].tolist() == ["good 0", "good 1"]


def test_verdicts_name_row_and_opponent_and_a_missing_one_stays_missing(drawn):
    (verdict,) = answer_frames(*drawn)["verdicts.parquet"].to_dict("records")
    assert (verdict["label"], verdict["opponent"], verdict["seed"], verdict["order"]) == ("dpo", "chosen", 7, "first")
    assert verdict["outcome"] != verdict["outcome"]


def test_halves_of_surrogate_pairs_become_what_any_file_can_hold():
    assert well_formed("a \ud83d") == "a \ufffd"
    assert well_formed("\ud83d\ude00") == "\U0001f600" and well_formed(EVIL) == EVIL


def test_nothing_drawn_is_no_frame():
    cells = [SimpleNamespace(generate=None)]
    assert answer_frames(cells, SimpleNamespace(), RunStore(Path())) == {}  # type: ignore[arg-type]
