"""Beginnings of texts as prompts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT, bench

from benchbench.core.errors import BenchError
from benchbench.sources.beginnings.options import BeginningsOptions
from benchbench.sources.beginnings.source import SOURCE, cut_text

STORY = 'Tom had a red ball. He said, "I like it!" Then he ran.\n\nThe end came'


def write(folder: Path, texts: list[Any], column: str = "text") -> None:
    lines = "".join(json.dumps({column: text}) + "\n" for text in texts)
    (folder / "stories.jsonl").write_text(lines, encoding="utf-8")


def test_a_text_is_cut_at_a_word_and_ends_with_a_sentence():
    assert cut_text(STORY, 3, None) == ("Tom had a", STORY.removeprefix("Tom had a "))
    assert cut_text(STORY, 3, 4) == ("Tom had a", "red ball.")
    assert cut_text(STORY, 3, 7) == ("Tom had a", 'red ball. He said, "I like it!"')
    assert cut_text("  One two.\nThree ", 2, 5) == ("One two.", "Three")


def test_what_cannot_be_cut_says_why():
    assert cut_text("Only two", 2, 5) == "no word after the beginning"
    assert cut_text(STORY, 3, 1) == "no sentence ends within the response"
    assert cut_text("a b 3.14 c d", 2, 2) == "no sentence ends within the response"


def test_every_text_is_an_example_and_drops_are_counted(tmp_path: Path):
    write(tmp_path, [STORY, "Too short", "x " * 20])
    loaded = SOURCE.load(
        BeginningsOptions(files={"train": "stories.jsonl"}, prompt_words=3, response_words=4), tmp_path
    )
    (example,) = loaded["train"]
    assert example.prompt[0].content == "Tom had a" and example.candidates == ("red ball.",)
    reading = loaded.readings["train"]
    assert reading.rows == 3
    assert reading.dropped == {"no word after the beginning": 1, "no sentence ends within the response": 1}


def test_equal_beginnings_are_held_out_together(tmp_path: Path):
    write(tmp_path, [f"word{n % 40} begins here and goes on {n}." for n in range(200)])
    options = BeginningsOptions(
        files={"train": "stories.jsonl"}, prompt_words=2, holdout={"test": 0.3}, limit={"test": 5}
    )
    loaded = SOURCE.load(options, tmp_path)
    prompts = {split: {example.prompt for example in loaded[split]} for split in loaded}
    assert len(loaded["test"]) == 5 and not prompts["test"] & prompts["train"]


def test_the_identity_is_the_content_of_the_files(tmp_path: Path):
    options = BeginningsOptions(files={"train": ["stories.jsonl"]})
    write(tmp_path, ["a"])
    before = SOURCE.identity(options, tmp_path)
    write(tmp_path, ["b"])
    assert list(before) == ["stories.jsonl"] and SOURCE.identity(options, tmp_path) != before


def test_faults_name_what_was_expected(tmp_path: Path):
    write(tmp_path, [STORY, 7])
    with pytest.raises(BenchError, match="row 1: expected text in column 'text', found 7; columns: text"):
        SOURCE.load(BeginningsOptions(files={"train": "stories.jsonl"}), tmp_path)
    with pytest.raises(BenchError, match=r"none\.jsonl: no such file"):
        SOURCE.load(BeginningsOptions(files={"train": "none.jsonl"}), tmp_path)
    with pytest.raises(ValueError, match="prompt_words: expected at least 1, got 0"):
        BeginningsOptions(files={"train": "a.jsonl"}, prompt_words=0)
    with pytest.raises(ValueError, match="files: expected a path"):
        BeginningsOptions(files={"train": []})


@pytest.mark.shared_data
def test_the_example_of_stories_plans_on_a_real_model_and_real_stories(tmp_path: Path, shared: Path):
    """A recipe on the split's pairs, one on pairs of a round with draws beside them, and two of a grid that draw."""
    shutil.copytree(ROOT / "docs" / "examples" / "stories_sentiment", tmp_path, dirs_exist_ok=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "model").symlink_to(shared / "models" / "stories260K")
    (tmp_path / "data" / "stories.jsonl.gz").symlink_to(shared / "text" / "tinystories_sample.jsonl.gz")
    rloo = tmp_path / "rloo.yaml"
    line = ("compare", "sft", tmp_path / "hypo.yaml", rloo, "--setting", tmp_path / "setting.yaml")
    grid = ("--grid", f"{rloo}:method.hyper.kl_weight=0.02,0.2", "--set", "generate.engine=transformers")
    ended = bench(*line, *grid, "--runs", tmp_path / "runs", "--seeds", 42, "--dry-run", "--json")
    assert ended.code == 0, ended.err
    titles = {stage["stage"] for stage in ended.json["stages"]}
    assert {"sft seed 42", "hypo_online_kl round 1 seed 42", "rloo@kl_weight=0.2 seed 42"} <= titles
    assert {row["label"]: row["responses"] for row in ended.json["ledger"]}["hypo_online_kl"] == 2 * 2 * 384
