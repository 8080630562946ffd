"""Broken and hostile files, arguments and rows: one message with the place, and nothing half-written."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import MICRO, ROOT, bench, leftovers

Write = Callable[..., Path]
ROW = '"prompt": "What is two and two?", "chosen": "four", "rejected": "five"'
CHECKPOINT = ROOT / "results" / "reference" / "tiny" / "checkpoint"


@pytest.fixture(autouse=True)
def _elsewhere(away: Path) -> None:
    """No test of this file may see or write the checkout's runs and results."""


def refused(tmp_path: Path, *args: object, dry: bool = True) -> str:
    """The message of a command that is refused before any stage; a dry run assumes what is not there."""
    ended = bench("train", *args, "--runs", tmp_path / "runs", *(["--dry-run"] if dry else []))
    assert ended.code in (2, 5), (ended.code, ended.out)
    assert "Traceback" not in ended.err and len(ended.err) < 3000
    assert leftovers(tmp_path / "runs") == []
    return ended.err


# --- arguments -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ["9" * 5000, "9" * 30, str(2**63)])
def test_seeds_that_no_table_holds_are_refused(tmp_path: Path, write_yaml: Write, seed: str):
    assert "below 2^63" in refused(tmp_path, "dpo", "--setting", MICRO, "--seeds", seed)
    path = write_yaml("mine.yaml", f"name: mine\nsetting: {MICRO}\nmethod: {{name: dpo}}\nseeds: {{list: [{seed}]}}\n")
    assert re.search(r"below 2\^63|at most 300 digits", refused(tmp_path, path))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeds.fixed_seed=" + "9" * 5000, "expected numbers of at most 300 digits"),
        ("data.options=" + "[" * 5000, "expected at most 40 values within each other"),
        ("data.options={a: &a [1], b: &b [*a,*b]}", "found an alias of a value within itself"),
        (".".join("a" * 3000) + "=1", "expected dotted.key=value"),
        ("score.tie_credit=!!int x", "expected plain values, found a tag"),
        ("score.tie_credit=2024-02-30", "expected a date that there is"),
        ('description="\\ud800"', "half of a surrogate pair"),
    ],
)
def test_an_override_is_read_within_limits(tmp_path: Path, text: str, said: str):
    assert said in refused(tmp_path, "dpo", "--setting", MICRO, "--set", text)


# --- recipes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "folder", "pipe", "link", "large"])
def test_a_broken_file_among_the_recipes_blocks_only_itself(away: Path, kind: str):
    path = away / "recipes" / "broken.yaml"
    path.parent.mkdir()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("nowhere")
    else:
        path.write_text("a: [" if kind == "text" else "a: b\n" * 300_000, encoding="utf-8")
    ended = bench("recipes", "ls", "--json")
    assert ended.code == 0 and len(ended.json) > 50  # pyright: ignore[reportArgumentType]
    assert ended.err.startswith("not read: recipes/broken.yaml: ") or ":1: not valid YAML" in ended.err
    assert bench("recipes", "show", "dpo").code == 0
    ended = bench("recipes", "show", "dpo", "--setting", "broken")
    assert ended.code == 2 and "Not read: recipes/broken.yaml" in ended.err


# --- rows ------------------------------------------------------------------------------------------------------------


def over_rows(write_yaml: Write, options: str) -> Path:
    text = MICRO.read_text(encoding="utf-8")
    other = re.sub(
        r"data:\n  source: toy\n  options: .*\n", f"data: {{source: local_files, options: {options}}}\n", text
    )
    return write_yaml("files.yaml", other)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("rows.jsonl", f'{{{ROW}, "x": {"[" * 100_000}}}', "values nested too deep"),
        ("rows.jsonl", f'{{{ROW}, "x": {"9" * 5000}}}', "a number of too many digits"),
        ("rows.json", "[" * 100_000, "values nested too deep"),
        ("rows.json", f"[{'9' * 5000}]", "a number of too many digits"),
        ("rows.jsonl", '{"prompt": "\\ud800", "chosen": "a", "rejected": "b"}', "is not valid Unicode"),
        ("rows.jsonl", f'{{{ROW}, "score_chosen": 1e999, "score_rejected": 1}}', "is not finite"),
        ("rows.jsonl", f'{{{ROW}, "score_chosen": {"9" * 4000}, "score_rejected": 1}}', "is not finite"),
        ("rows.jsonl", f'{{{ROW}, "id": "\\ud800"}}', "an id is not valid Unicode"),
        ("rows.parquet", "PAR1 no table PAR1", "cannot be read as .parquet"),
    ],
)
def test_rows_that_no_file_should_have(tmp_path: Path, write_yaml: Write, name: str, content: str, said: str):
    (tmp_path / name).write_text(content, encoding="utf-8")
    setting = over_rows(write_yaml, f"{{files: {{train: {name}, test: {name}}}}}")
    message = refused(tmp_path, "dpo", "--setting", setting)
    assert said in message and name in message


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_data_that_are_no_file(tmp_path: Path, write_yaml: Write, kind: str):
    path = tmp_path / "rows.jsonl"
    {"pipe": os.mkfifo, "link": lambda p: p.symlink_to("nowhere"), "folder": lambda p: p.mkdir()}[kind](path)
    setting = over_rows(write_yaml, "{files: {train: rows.jsonl, test: rows.jsonl}}")
    assert "rows.jsonl: " in refused(tmp_path, "dpo", "--setting", setting, dry=False)


# --- models ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("[" * 100_000, "config.json"),
        ("[1]", "config.json"),
        ('"text"', "config.json"),
        ({"num_hidden_layers": 10**9}, "config.json: expected a model of these weights"),
        ({"hidden_size": 10**9}, "config.json: expected a model of these weights"),
        ({"vocab_size": 10**12}, "config.json: expected a model of these weights"),
    ],
)
def test_a_configuration_that_cannot_be(tmp_path: Path, write_yaml: Write, change: object, said: str):
    folder = Path(shutil.copytree(CHECKPOINT, tmp_path / "model"))
    config = json.loads((folder / "config.json").read_text())
    text = change if isinstance(change, str) else json.dumps(config | change)  # pyright: ignore[reportOperatorIssue]
    (folder / "config.json").write_text(text)
    model = "model: {model_name_or_path: model, from_config: null, train_tokenizer: null}\n"
    path = write_yaml("mine.yaml", f"name: mine\nsetting: {MICRO}\nmethod: {{name: dpo}}\n{model}")
    assert said in refused(tmp_path, path, dry=False)


def test_a_recipe_of_a_billion_layers_is_refused_before_anything_is_built(tmp_path: Path):
    line = ("dpo", "--setting", MICRO, "--set", "model.from_config.num_hidden_layers=1000000000")
    assert "model.from_config: expected a model of at most " in refused(tmp_path, *line)
