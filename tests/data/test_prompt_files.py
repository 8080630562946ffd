"""Prompt files of every format; what is not one is refused with its row and what was expected."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.example import Message
from benchbench.data.prompt_files import read_prompt_file

ALPACA = {"dataset": "helpful_base", "instruction": "Name a colour."}
ARENA_1 = {"question_id": "a" * 32, "category": "arena-hard-v0.1", "cluster": "c", "turns": [{"content": "Hi"}]}
ARENA_2 = {"uid": "b" * 16, "category": "hard_prompt", "subcategory": "s", "prompt": "Hi"}
MT = {"question_id": 81, "category": "writing", "turns": ["Write.", "Again."]}
OWN = {"id": "x", "prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}


def write(folder: Path, rows: object, name: str = "prompts.jsonl") -> Path:
    path = folder / name
    if name.endswith(".json"):
        path.write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
        return path
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def test_alpaca_eval_keeps_its_order_and_its_subsets(tmp_path: Path):
    rows = [ALPACA | {"output": "Blue", "generator": "m"}, {"dataset": "koala", "instruction": "Größe?"}]
    read = read_prompt_file(write(tmp_path, rows, "model_outputs.json"))
    assert read.format == "alpaca_eval"
    assert [prompt.id for prompt in read.prompts] == ["alpaca_eval-000", "alpaca_eval-001"]
    assert [prompt.messages for prompt in read.prompts] == [
        (Message("user", "Name a colour."),),
        (Message("user", "Größe?"),),
    ]
    assert [prompt.fields for prompt in read.prompts] == [{"dataset": "helpful_base"}, {"dataset": "koala"}]
    assert read.turns == 1


@pytest.mark.parametrize("row", [ARENA_1, ARENA_2])
def test_arena_hard_of_both_releases(tmp_path: Path, row: dict):
    read = read_prompt_file(write(tmp_path, [row]))
    assert read.format == "arena_hard"
    assert read.prompts[0].id == row.get("uid", row.get("question_id"))
    assert read.prompts[0].messages == (Message("user", "Hi"),)
    assert read.prompts[0].fields["category"] == row["category"]


def test_mt_bench_has_two_turns(tmp_path: Path):
    read = read_prompt_file(write(tmp_path, [MT]))
    assert (read.format, read.turns, read.prompts[0].id) == ("mt_bench", 2, "81")
    assert (read.prompts[0].messages, read.prompts[0].second) == ((Message("user", "Write."),), "Again.")


def test_our_own_rows_may_be_conversations_and_packed(tmp_path: Path):
    read = read_prompt_file(write(tmp_path, [OWN, {"id": 7, "prompt": "Plain."}], "p.jsonl.gz"))
    assert read.format == "own"
    assert read.prompts[0].messages == (Message("system", "Be brief."), Message("user", "Hi"))
    assert (read.prompts[1].id, read.prompts[1].messages) == ("7", (Message("user", "Plain."),))


def test_what_stands_beside_a_prompt_of_our_own_rows_is_part_of_it(tmp_path: Path):
    rows = [
        {"id": 1, "prompt": "Hi", "system": "Be brief.", "history": [["a", "b"]], "input": "it"},
        {"id": 2, "prompt": "Ho", "system": "", "candidates": [{"text": "a"}], "source": "s", "model": "m"},
    ]
    first, second = read_prompt_file(write(tmp_path, rows)).prompts
    assert [(m.role, m.content) for m in first.messages] == [
        ("system", "Be brief."),
        ("user", "a"),
        ("assistant", "b"),
        ("user", "Hi\n\nit"),
    ]
    assert second.messages == (Message("user", "Ho"),)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "found no rows"),
        ([{"question": "Hi"}], r"row 1: expected alpaca_eval: dataset, instruction; or .*found the fields question"),
        ([ALPACA, {"dataset": "d", "text": "Hi"}], r"row 2: expected alpaca_eval as in row 1 .*found dataset, text"),
        ([{"instruction": "Hi"}], r"row 1: no dataset; expected alpaca_eval: dataset, instruction"),
        ([ALPACA, {"dataset": "d", "instruction": " \n"}], r"row 2: empty prompt"),
        ([ALPACA, {"dataset": "d", "instruction": 3}], r"row 2: instruction is not text"),
        ([ALPACA, ALPACA | {"dataset": "e"}], r"row 2: expected every prompt once, found that of row 1 again"),
        ([ALPACA, ALPACA | {"instruction": "Name a colour. "}], r"row 2: expected every prompt once"),
        ([MT, MT | {"turns": ["Other.", "Again."]}], r"row 2: expected an id of its own, found that of row 1"),
        ([MT, MT | {"question_id": 82, "turns": ["One."]}], r"row 2: turns are not two; expected mt_bench"),
        ([MT | {"turns": ["One.", ""]}], r"row 1: empty prompt"),
        ([ARENA_2, {"uid": "c", "category": "x"}], r"row 2: neither a prompt nor one turn; expected arena_hard"),
        ([{"id": "x", "prompt": []}], r"row 1: .*expected own"),
        ([OWN | {"turns": ["other", "again"]}], r"row 1: the first of turns is not the prompt"),
        ([{"id": "", "prompt": "Hi"}], r"row 1: id is no text"),
        ([{"id": "\ud83d", "prompt": "Hi"}], r"row 1: id is not valid Unicode"),
        ([MT | {"category": "\ud83d"}], r"row 1: category is not valid Unicode"),
        ([ALPACA | {"input": "beside it"}], r"row 1: an input beside the instruction"),
        ([ALPACA, ALPACA | {"instruction": "b", "system": "s"}], r"alpaca_eval, found .*: system \(row 2\); put"),
        ([MT | {"system": "s", "context": "c"}], r"mt_bench, found .*: context \(row 1\), system \(row 1\)"),
        ([ARENA_1 | {"turns": [{"content": "Hi", "image": "x"}]}], r"arena_hard, found .*: turns.image \(row 1\)"),
        ([{"id": "x", "prompt": [{"role": "user", "content": "a", "name": "b"}]}], r"own, found .*: prompt.name"),
        ([{"id": "x", "prompt": "a", "tools": [{"name": "f"}]}], r"own, found .*: tools \(row 1\)"),
        ([OWN | {"system": "Be long."}], r"row 1: two system messages that differ; expected own"),
        (
            [{"id": "x", "prompt": [{"role": "tool", "content": "a"}]}],
            r"row 1: prompt has a turn of unknown role; expected",
        ),
    ],
)
def test_what_is_no_prompt_file_is_refused_by_row(tmp_path: Path, rows: list, told: str):
    path = write(tmp_path, rows)
    with pytest.raises(BenchError, match=told) as refused:
        read_prompt_file(path)
    assert str(path) in str(refused.value)
    assert refused.value.exit_code is ExitCode.USAGE


def test_a_file_that_is_not_there_is_unavailable(tmp_path: Path):
    with pytest.raises(BenchError, match="no such file") as refused:
        read_prompt_file(tmp_path / "none.jsonl")
    assert refused.value.exit_code is ExitCode.UNAVAILABLE


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "count", "turns"), [("mt_bench", 80, 2), ("arena_hard_v0.1", 336, 1)], ids=["mt_bench", "arena_hard"]
)
def test_the_real_prompt_files_load_whole(shared: Path, name: str, count: int, turns: int):
    read = read_prompt_file(shared / "prompts" / f"{name}.jsonl.gz")
    assert (len(read.prompts), read.turns) == (count, turns)
    assert all(prompt.fields["category"] for prompt in read.prompts)


@pytest.mark.shared_data
def test_the_real_instructions_of_alpaca_eval_load_in_their_order(shared: Path):
    read = read_prompt_file(shared / "alpaca_eval" / "candidates.weighted_alpaca_eval_gpt4_turbo.jsonl.gz")
    assert [prompt.id for prompt in read.prompts] == [f"alpaca_eval-{place:03d}" for place in range(805)]
