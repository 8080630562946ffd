"""Roles, prompts and spans in rows of files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Message, Span
from benchbench.data.candidate_parts import PartsError, read_parts
from benchbench.data.messages import Turn
from benchbench.data.preference_order import BY_ROLES
from benchbench.sources.local_files import LocalFilesOptions, load

QUESTION = (Message("user", "q"),)
TURN = Turn(QUESTION, ("blue", "seven"))
ROW = {"prompt": "q", "candidates": ["blue", "seven"]}


def parts(**columns):
    return read_parts({**ROW, **columns}, TURN)


def test_each_has_an_entry_per_candidate():
    found = parts(
        roles=["chosen", "rejected"],
        prompts=["one", [{"role": "system", "content": "s"}, {"from": "human", "value": "two"}]],
        spans={"mask": [[[0, 2]], []], "weight": [[[0, 2, 1.5], [2, 4, 0]], [[1, 3, 2]]]},
    )
    assert found.roles == ("chosen", "rejected")
    assert found.prompts == ((Message("user", "one"),), (Message("system", "s"), Message("user", "two")))
    assert found.spans == {
        "mask": ((Span(0, 2, 0.0),), ()),
        "weight": ((Span(0, 2, 1.5), Span(2, 4, 0.0)), (Span(1, 3, 2.0),)),
    }


@pytest.mark.parametrize("nothing", [{}, {"roles": None, "prompts": [], "spans": {"mask": None}}])
def test_what_is_empty_is_not_there(nothing):
    assert parts(**nothing) == (None, None, {})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"roles": "chosen"}, "roles: expected a list of names, one for each candidate, got 'chosen'"),
        ({"roles": ["chosen", 1]}, "roles: expected a list of names"),
        ({"roles": ["chosen"]}, "roles: expected one for each of 2 candidates, got 1"),
        ({"prompts": "q"}, "prompts: expected a list of prompts"),
        ({"prompts": ["q", ""]}, "prompts, candidate 1: empty prompt"),
        ({"prompts": ["q", 5]}, "prompts, candidate 1: prompt is no list of turns"),
        ({"spans": [[0, 1]]}, "spans: expected a name with a list for each candidate"),
        ({"spans": {"mask": 5}}, "spans 'mask': expected a list with an entry for each candidate, got 5"),
        ({"spans": {"w": [[[0, 2]], []]}}, r"spans 'w', candidate 0: expected \[start, end, value\], got \[0, 2\]"),
        ({"spans": {"mask": [[[0, True]], []]}}, r"expected \[start, end\], got \[0, True\]"),
        ({"spans": {"mask": [[[0, 1.5]], []]}}, r"expected \[start, end\], got \[0, 1.5\]"),
        ({"spans": {"mask": [[["a", "b"]], []]}}, r"expected \[start, end\], got \['a', 'b'\]"),
        ({"spans": {"mask": [[[0, float("nan")]], []]}}, r"expected \[start, end\], got \[0, nan\]"),
        ({"spans": {"mask": [[], [[0, 6]]]}}, r"spans 'mask', candidate 1: expected 0 <= start < end <= 5"),
        ({"spans": {"mask": [[[0, 2], [1, 3]], []]}}, "spans in order that do not overlap"),
    ],
)
def test_what_does_not_fit_says_where(columns, message):
    with pytest.raises(PartsError, match=message):
        parts(**columns)


def test_spans_of_a_response_that_is_part_of_a_text_are_refused():
    """Nobody knows whether they count from the beginning of the text or of the response."""
    row = {"chosen": "the sky is blue", "rejected": "the sky is red", "spans": {"mask": [[[0, 2]], []]}}
    with pytest.raises(PartsError, match="candidate 0: expected a response that is a text of its own, found one that"):
        read_parts(row, Turn(QUESTION, (" blue", " red")))


def write(path: Path, *rows: dict) -> LocalFilesOptions:
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return LocalFilesOptions(files={"train": path.name})


def test_a_file_of_candidates_with_roles(tmp_path: Path):
    row = {
        "prompt": "q",
        "candidates": [{"text": "a", "score": 1}, {"text": "b", "score": 2}, {"text": "c", "score": 9}],
        "roles": ["chosen", "rejected", "gold"],
        "prompts": ["p0", "p1", [{"role": "user", "content": "p2"}]],
        "spans": {"weight": [[], [[0, 1, 0.5]], []]},
    }
    loaded = load(write(tmp_path / "rows.jsonl", row, ROW | {"scores": [1, 2]}), tmp_path)
    (example, plain), reading = loaded["train"], loaded.readings["train"]
    assert example.candidates == ("a", "b", "c"), "in the order of their roles, whatever the ratings say"
    assert example.roles == ("chosen", "rejected", "gold") and example.spans["weight"][1] == (Span(0, 1, 0.5),)
    assert example.prompts is not None and example.prompts[2] == (Message("user", "p2"),)
    assert plain.roles is None and plain.candidates == ("seven", "blue"), "without roles the ratings put it in order"
    assert reading.notes[BY_ROLES] == 1 and reading.notes["candidates with prompts of their own"] == 1
    assert reading.not_read == ()


def test_ratings_move_prompts_and_spans_with_their_candidates(tmp_path: Path):
    row = {"prompt": "q", "candidates": ["a", "bb"], "scores": [1, 2], "prompts": ["pa", "pb"]}
    options = write(tmp_path / "rows.jsonl", {**row, "spans": {"mask": [[], [[0, 1]]]}})
    (example,) = load(options, tmp_path)["train"]
    assert example.candidates == ("bb", "a") and example.spans == {"mask": ((Span(0, 1, 0.0),), ())}
    assert example.prompts == ((Message("user", "pb"),), (Message("user", "pa"),))


def test_every_row_that_contradicts_itself_is_named(tmp_path: Path):
    bad = [{"roles": ["chosen"]}, {}, {"spans": {"mask": [[[0, 9]], []]}}]
    options = write(tmp_path / "rows.jsonl", *({**ROW, **columns} for columns in bad))
    with pytest.raises(BenchError) as refused:
        load(options, tmp_path)
    message = str(refused.value)
    assert "rows.jsonl, split 'train': rows that contradict themselves: 2 problems" in message
    assert "row 0: roles: expected one for each of 2 candidates, got 1" in message
    assert "row 2: spans 'mask', candidate 0: expected 0 <= start < end <= 4" in message


def test_pairs_demonstrations_and_parquet_have_them_too(tmp_path: Path):
    pair = {"prompt": "q", "chosen": "blue", "rejected": "red", "spans": {"mask": [[[0, 1]], []]}}
    pd.DataFrame([{**pair, "prompts": ["one", "two"]}]).to_parquet(tmp_path / "pairs.parquet")
    (example,) = load(LocalFilesOptions(files={"train": "pairs.parquet"}), tmp_path)["train"]
    assert example.spans == {"mask": ((Span(0, 1, 0.0),), ())}
    assert example.prompts == ((Message("user", "one"),), (Message("user", "two"),))
    demonstration = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "blue"}]}
    (shown,) = load(write(tmp_path / "shown.jsonl", {**demonstration, "spans": {"w": [[[0, 4, 2]]]}}), tmp_path)[
        "train"
    ]
    assert shown.candidates == ("blue",) and shown.spans == {"w": ((Span(0, 4, 2.0),),)}
