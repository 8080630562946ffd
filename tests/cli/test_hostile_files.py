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

from benchbench.commands.resolve import parse_seeds
from benchbench.core.errors import BenchError
from benchbench.recipe.document import read_document
from benchbench.recipe.library import extended, find_setting

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


@pytest.mark.parametrize("seed", ["\u0663", "1_0", "+1", " 1", "\u00b2", "", "x" * 5000])
def test_a_seed_is_written_in_plain_digits(seed: str):
    with pytest.raises(BenchError, match="expected whole numbers of 0 or more, got") as refusal:
        parse_seeds([seed])
    assert len(str(refusal.value)) < 200


def test_noughts_before_a_seed_are_nothing():
    """5,000 of them, more digits than Python turns into a number."""
    assert parse_seeds(["0" * 5000, "0" * 5000 + "1", "007"]) == (0, 1, 7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("model.from_config.num_hidden_layers=-5", "num_hidden_layers: expected a whole number above 0, found -5"),
        ("model.from_config.hidden_size=[1]", "hidden_size: expected a whole number above 0, found [1]"),
        ("model.from_config.num_attention_heads=3", "expected values that a gpt_neox takes, found others"),
        ("model.from_config.model_type=nonsense", "unknown model type 'nonsense'"),
        ("model.from_config.model_type=[a]", "unknown model type"),
        ("model.from_config.num_labels=1000000000000", "num_labels: expected at most 1000000"),
        ("model.from_config.rope_parameters=5", "expected values that a gpt_neox takes, found others"),
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


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("mine.yaml", "settings extend each other in a circle: mine extends mine"),
        ("mine", "mine.yaml: settings extend each other in a circle: mine extends mine"),
        ("nowhere", "mine.yaml: extends (mine extends nowhere): unknown setting 'nowhere'."),
        ("bytes", "A setting in a file is named by its path: extends: bytes.yaml."),
        ("bytes.yaml", "bytes.yaml: cannot be read as UTF-8 text"),
        ("folder.yaml", "folder.yaml: expected a file, found a folder"),
        ("zeros.yaml", "zeros.yaml: expected a file, found a device or a socket"),
        ("pipe.yaml", "pipe.yaml: expected a file, found a pipe, which would be waited for"),
        ("/dev/zero", "/dev/zero: expected a file, found a device or a socket"),
        ("long.yaml", "long.yaml: expected at most 1 MiB, found more"),
        ("chain0.yaml", "expected at most 20 settings that extend each other, found more"),
        ('"a\\0b.yaml"', "expected texts without NUL characters"),
    ],
)
def test_what_a_setting_extends_is_a_setting(away: Path, base: str, said: str):
    (away / "bytes.yaml").write_bytes(bytes(range(256)))
    (away / "folder.yaml").mkdir()
    (away / "zeros.yaml").symlink_to("/dev/zero")
    os.mkfifo(away / "pipe.yaml")
    with (away / "long.yaml").open("wb") as file:
        file.truncate(1 << 40)
    for number in range(25 if base == "chain0.yaml" else 0):
        (away / f"chain{number}.yaml").write_text(f"name: c{number}\nextends: chain{number + 1}.yaml\n")
    (away / "mine.yaml").write_text(f"name: mine\nextends: {base}\n", encoding="utf-8")
    with pytest.raises(BenchError) as refusal:
        extended(find_setting("mine.yaml", beside=away))
    assert said in str(refusal.value)


def test_settings_that_extend_each_other_by_name_are_named_in_their_order(away: Path):
    (away / "a.yaml").write_text("name: a\nextends: b.yaml\n")
    (away / "b.yaml").write_text("name: b\nextends: a\n")
    with pytest.raises(BenchError, match=r"^a.yaml: settings extend each other in a circle: a extends b extends a$"):
        extended(find_setting("a.yaml"))


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "device"])
def test_a_recipe_that_is_no_file_is_said_to_be_what_it_is(tmp_path: Path, kind: str):
    path = tmp_path / "mine.yaml"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/null" if kind == "device" else "nowhere")
    assert f"mine.yaml: expected a file, found a {kind}" in refused(tmp_path, path)


def test_values_that_a_list_of_mappings_brings_have_a_place(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("<<: [{a: 1}, {b: 2}]\n", encoding="utf-8")
    assert read_document(tmp_path / "a.yaml").values == {"a": 1, "b": 2}


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
        ("rows.jsonl", f'{{{ROW}, "x": {"[" * 900 + "]" * 900}}}', "values nested too deep"),
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
        ({"x": json.loads("[" * 900 + "]" * 900)}, "config.json"),
        ({"num_hidden_layers": -5}, "num_hidden_layers: expected a whole number above 0, found -5"),
        ({"intermediate_size": 10**12}, "config.json: expected a model of these weights"),
        ('"text"', "config.json"),
        ({"num_hidden_layers": 10**9}, "config.json: expected a model of these weights"),
        ({"hidden_size": 10**9}, "config.json: expected a model of these weights"),
        ({"vocab_size": 10**12}, "config.json: expected a model of these weights"),
        ({"hidden_act": "nonsense"}, "hidden_act: expected a known activation (gelu, "),
        ({"rope_parameters": {"rope_type": "nonsense"}}, "rope_type: expected a known kind of rotary positions (def"),
        ({"max_position_embeddings": -128}, "max_position_embeddings: expected a whole number of tokens from 1 to "),
    ],
)
def test_a_configuration_that_cannot_be(tmp_path: Path, write_yaml: Write, change: object, said: str):
    folder = Path(shutil.copytree(CHECKPOINT, tmp_path / "model"))
    config = json.loads((folder / "config.json").read_text())
    text = change if isinstance(change, str) else json.dumps(config | change)  # pyright: ignore[reportOperatorIssue]
    (folder / "config.json").write_text(text)
    model = "model: {model_name_or_path: model, from_config: null, train_tokenizer: null}\n"
    path = write_yaml("mine.yaml", f"name: mine\nsetting: {MICRO}\nmethod: {{name: dpo}}\n{model}")
    there = isinstance(change, dict) and "config.json" not in said  # else nothing says which model it is
    assert said in refused(tmp_path, path, dry=there)


@pytest.mark.parametrize("length", [-5, 0, True, "many", [512]])
def test_a_length_that_no_tokenizer_has(tmp_path: Path, write_yaml: Write, length: object):
    folder = Path(shutil.copytree(CHECKPOINT, tmp_path / "model"))
    path = folder / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"model_max_length": length}))
    model = "model: {model_name_or_path: model, from_config: null, train_tokenizer: null}\n"
    recipe = write_yaml("mine.yaml", f"name: mine\nsetting: {MICRO}\nmethod: {{name: dpo}}\n{model}")
    said = f"tokenizer_config.json: model_max_length: expected a number of tokens above 0, found {length!r}"
    assert said in refused(tmp_path, recipe)


@pytest.mark.parametrize(
    ("key", "value"),
    [("hidden_act", "nonsense"), ("rope_parameters", "{rope_type: nonsense}"), ("max_position_embeddings", "-128")],
)
def test_a_recipe_of_a_model_that_cannot_be(tmp_path: Path, key: str, value: str):
    said = refused(tmp_path, "dpo", "--setting", MICRO, "--set", f"model.from_config.{key}={value}")
    assert f"model.from_config: 1 problem\n  {key}" in said and "expected a " in said


def test_a_recipe_of_a_billion_layers_is_refused_before_anything_is_built(tmp_path: Path):
    line = ("dpo", "--setting", MICRO, "--set", "model.from_config.num_hidden_layers=1000000000")
    assert "model.from_config: expected a model of at most " in refused(tmp_path, *line)
