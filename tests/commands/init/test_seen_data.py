"""What is seen of files of data: columns, splits, what is left out; and what is refused, with the way out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchbench.commands.init.seen_data import look_at_data, token_lengths
from benchbench.commands.init.seen_model import look_at_model
from benchbench.core.errors import BenchError
from benchbench.recipe.schema import TokenizationSection

from .models import CHECKPOINT


def write(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def pairs(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"prompt": f"what is {i}", "chosen": f"it is {i}", "rejected": "no", **more} for i in range(count)]


def test_one_file_without_splits_is_held_out_by_prompt(tmp_path: Path):
    seen = look_at_data([str(write(tmp_path / "pairs.jsonl", pairs(100, source="x")))], tmp_path)
    assert seen.options == {"files": {"train": "pairs.jsonl"}, "holdout": {"validation": 0.1, "test": 0.2}}
    assert (seen.train, seen.validation, seen.test) == ("train", "validation", "test")
    assert sum(seen.splits.values()) == 100 and 5 <= seen.splits["validation"] < seen.splits["test"] <= 35
    assert seen.columns == ("prompt", "chosen", "rejected", "source") and seen.without_conversation == ("source",)
    assert (seen.has_pairs, seen.ignored, seen.notes) == (True, (), ())


def test_a_column_with_splits_is_used(tmp_path: Path):
    rows = [*pairs(6, split="train_prefs"), *pairs(3, split="test_prefs"), *pairs(3, split="valid")]
    seen = look_at_data([str(write(tmp_path / "all.jsonl", rows))], tmp_path)
    assert seen.options == {"path": "all.jsonl", "split_column": "split"}
    assert (seen.train, seen.validation, seen.test) == ("train_prefs", "valid", "test_prefs")
    rows = [*pairs(40, split="train_prefs"), *pairs(3, split="test_prefs")]
    seen = look_at_data([str(write(tmp_path / "two.jsonl", rows))], tmp_path)
    assert seen.options["holdout"] == {"validation": 0.1} and seen.options["holdout_from"] == "train_prefs"


def test_a_file_for_each_split(tmp_path: Path):
    train, test = write(tmp_path / "a.jsonl", pairs(40)), write(tmp_path / "b.jsonl", pairs(3))
    seen = look_at_data([f"train={train}", f"test={test}"], tmp_path)
    assert seen.options == {"files": {"train": "a.jsonl", "test": "b.jsonl"}, "holdout": {"validation": 0.1}}
    assert seen.splits["test"] == 3


def test_a_file_of_a_few_prompts_holds_out_more_of_them(tmp_path: Path):
    seen = look_at_data([str(write(tmp_path / "few.jsonl", pairs(2)))], tmp_path)
    assert seen.options["holdout"] == {"test": 0.5} and seen.splits == {"train": 1, "test": 1}
    assert seen.validation is None


def test_what_nothing_reads_is_left_out_and_named(tmp_path: Path):
    rows = pairs(40, quality=0.5, remark="fine")
    rows[3]["tools"] = [{"name": "search"}]
    seen = look_at_data([str(write(tmp_path / "p.jsonl", rows))], tmp_path)
    assert sorted(seen.ignored) == ["quality", "remark"] and seen.options["on_tool_calls"] == "drop"
    assert sum(seen.splits.values()) == 39
    assert any("rows left out" in note for note in seen.notes), seen.notes


def test_rated_candidates_are_data_too(tmp_path: Path):
    rows = [{"prompt": f"p {i}", "candidates": ["a", "b", "c"], "scores": [3, 1, 2]} for i in range(40)]
    seen = look_at_data([str(write(tmp_path / "k.jsonl", rows))], tmp_path)
    assert (seen.has_pairs, seen.candidates) == (False, (3,))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"prompt": f"p {i}", "response": "a"} for i in range(40)], "found one response each"),
        ([{"prompt": f"p {i}", "candidates": ["a", "b", "c"]} for i in range(40)], "several responses without ratings"),
        ([{"first": "a", "second": "b"}], "`rename` says which column is which"),
        ([], "expected rows for split 'train', found none"),
        (pairs(1), "split 'test' gets no example|gets no example"),
    ],
)
def test_what_is_no_preference_is_refused(tmp_path: Path, rows: list[dict[str, Any]], said: str):
    with pytest.raises(BenchError, match=said) as caught:
        look_at_data([str(write(tmp_path / "p.jsonl", rows))], tmp_path)
    assert caught.value.status == 2


def test_faulty_words_are_refused(tmp_path: Path):
    path = write(tmp_path / "p.jsonl", pairs(3))
    with pytest.raises(BenchError, match="split 'train' has a file already; name each split"):
        look_at_data([str(path), str(path)], tmp_path)
    with pytest.raises(BenchError, match="expected a file for split train, got test; add train=FILE"):
        look_at_data([f"test={path}"], tmp_path)
    with pytest.raises(BenchError, match="no such file or folder") as caught:
        look_at_data([str(tmp_path / "none.jsonl")], tmp_path)
    assert caught.value.status == 5


def test_lengths_are_those_of_the_longest_sequence_of_an_example(tmp_path: Path):
    tokenizer = look_at_model(str(CHECKPOINT), tmp_path).tokenizer
    seen = look_at_data([str(write(tmp_path / "p.jsonl", pairs(40)))], tmp_path)
    section = TokenizationSection.model_validate(
        {"template": {"user": "{content} ", "assistant": "{content}"}}
        | {"add_bos": False, "append_eos": True, "max_length": 9, "truncation": "right"}
    )
    lengths = token_lengths(seen.examples, tokenizer, section, tmp_path)
    texts = [f"{e.prompt[0].content} {e.candidates[0]}" for e in seen.examples]
    assert len(lengths) == len(texts) and lengths == sorted(lengths)
    assert abs(lengths[-1] - max(len(tokenizer(text)["input_ids"]) + 1 for text in texts)) <= 1
