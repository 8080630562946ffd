"""`bench show data`: which examples, as which stage reads them, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import MICRO, bench

TOY = "source: toy\n  options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, test_prompts: 40}"
"""The data of the micro setting."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("show_data") / "runs"


@pytest.fixture
def line(runs: Path) -> tuple[object, ...]:
    return ("show", "data", "dpo", "--setting", MICRO, "--runs", runs)


def test_the_first_example_of_what_the_method_is_trained_on(line: tuple[object, ...]):
    ended = bench(*line)
    assert ended.code == 0, ended.err
    assert ended.text.startswith("split train (48 examples) as preference reads it: at most 128 tokens")
    assert "example train-00000" in ended.out and "\nchosen: " in ended.out and "\nrejected: " in ended.out
    assert "|<|endoftext|>]" in ended.out and "\x1b" not in ended.out, "signs, and no colours where stdout is a file"
    assert max(map(len, ended.out.splitlines())) <= 80


def test_json_has_ids_texts_and_fates_of_every_token(line: tuple[object, ...]):
    shown = bench(*line, "--id", "train-00003", "--json").json
    (example,) = shown["examples"]
    assert (shown["split"], shown["stage"], example["id"]) == ("train", "preference", "train-00003")
    chosen, rejected = example["candidates"]
    assert (chosen["role"], rejected["role"]) == ("chosen", "rejected")
    assert set(example["columns"]) == {"gold", "p_chosen"}
    for candidate in example["candidates"]:
        ends = [token for token in candidate["tokens"] if token["of"] == "response"]
        assert {token["fate"] for token in ends} == {"scored"} and ends[-1]["text"] == "<|endoftext|>"
        assert "".join(token["text"] for token in candidate["tokens"]).startswith(candidate["prompt"])


def test_a_stage_reads_its_split_in_its_own_way(line: tuple[object, ...]):
    shown = bench(*line, "--split", "sft", "--json").json
    assert shown["stage"] == "sft" and len(shown["examples"][0]["candidates"]) == 1
    assert bench(*line, "--stage", "score", "--json").json["split"] == "test"
    assert bench(*line, "--split", "validation", "--count", 2, "--json").json["stage"] == "no stage"
    sets = ("--set", "tokenization.truncation=left", "--set", "preference.max_length=16")
    cut = bench(*line, *sets, "--json").json["examples"][0]["candidates"][0]
    assert cut["tokens"][0]["fate"] == "cut" and sum(t["fate"] != "cut" for t in cut["tokens"]) == 16
    assert "{<|user|>| say|" in bench(*line, *sets).out


def test_a_policy_is_shown_the_prompt_alone_and_nothing_of_it_is_cut(tmp_path: Path):
    sizes = ("demonstrations=300", "preference_prompts=40", "validation_prompts=20", "test_prompts=20")
    changes = [word for size in sizes for word in ("--set", f"data.options.{size}")]
    short = ("--set", "tokenization.max_length=4")
    words = ("show", "data", "dpo", "--setting", "tiny", *changes, *short, "--runs", tmp_path)
    shown = bench(*words, "--stage", "generate", "--json")
    assert shown.code == 0, shown.err
    (candidate,) = shown.json["examples"][0]["candidates"]
    assert candidate["response"] == "" and shown.json["examples"][0]["refused"] is None
    assert {(token["of"], token["fate"]) for token in candidate["tokens"]} == {("prompt", "read")}


def test_what_is_not_there_is_refused_with_what_is(line: tuple[object, ...]):
    for words, said in (
        (("--split", "tests"), "unknown split 'tests'. Did you mean 'test'?"),
        (("--stage", "scores"), "unknown stage 'scores'. Did you mean 'score'?"),
        (("--stage", "sft", "--split", "test"), "expected the split that it reads, sft, got --split test"),
        (("--id", "train-9"), "(48 examples, from 'train-00000' to 'train-00047'), got 'train-9'."),
        (("--count", 0), "--count: expected 1 or more, got 0"),
    ):
        ended = bench(*line, *words)
        assert ended.code == 2 and said in ended.err and ended.out == "", ended.err


def test_data_that_are_not_here_end_with_5(tmp_path: Path, write_yaml: Callable[..., Path]):
    swap = {TOY:
            f"source: local_files\n  options: {{files: {{train: {tmp_path}/none.jsonl}}}}"}  # fmt: skip
    setting = write_yaml("mine.yaml", swap=swap)
    ended = bench("show", "data", "dpo", "--setting", setting, "--runs", tmp_path / "runs")
    assert ended.code in (2, 5) and "none.jsonl" in ended.err


def test_texts_of_data_cannot_steer_the_terminal(tmp_path: Path, write_yaml: Callable[..., Path]):
    """A response with an escape sequence, from a file of the user's."""
    rows = [{"prompt": "say", "chosen": "a\x1b[2Jb", "rejected": "c"} for _ in range(20)]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    swap = {
        TOY:
        f"source: local_files\n  options: {{files: {{train: {tmp_path}/pairs.jsonl, test: {tmp_path}/pairs.jsonl}}}}",
        "split: sft,": "split: train,", "split: sft\n": "split: train\n",
        "split: reward\n": "split: train\n",
    }  # fmt: skip
    setting = write_yaml("mine.yaml", swap=swap)
    ended = bench("show", "data", "dpo", "--setting", setting, "--runs", tmp_path / "runs")
    assert ended.code == 0, ended.err
    assert "\x1b" not in ended.out and "a\\x1b[2Jb" in ended.out
