"""Names lead nowhere, files that are not what they should be are not quoted, and no text is obeyed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import MICRO, bench, tree

from benchbench.cli import output

Write = Callable[..., Path]
SECRET = "hf_q8Zr3sVw1xY5kLm2"
ROW = {"prompt": "What is two and two?", "chosen": "four", "rejected": "five"}


@pytest.fixture(autouse=True)
def _elsewhere(away: Path) -> None:
    """No test of this file may see or write the checkout's runs and results."""


def refused(tmp_path: Path, *args: object) -> str:
    """A command that is refused and writes nothing outside `runs/data`; returns its message."""
    before = tree(tmp_path)
    ended = bench(*args, "--runs", tmp_path / "runs", "--dry-run")
    assert ended.code in (2, 5), ended.out
    assert "Traceback" not in ended.err
    inside = {name for name in tree(tmp_path) if not name.startswith("runs/")}
    assert inside == {name for name in before if not name.startswith("runs/")}
    return ended.err


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("split", ["../../../escaped", "/tmp/escaped", "a/b", "tr\nain", "x" * 300])
def test_a_split_of_a_dataset_writes_nowhere_else(tmp_path: Path, write_yaml: Write, split: str):
    options = "{path: pairs.jsonl, split_column: split}"
    path = write_yaml(
        "files.yaml",
        swap={
            "data:\n  source: toy\n  options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, "
            "test_prompts: 40}\n": f"data: {{source: local_files, options: {options}}}\n"
        },
    )
    rows = [{**ROW, "split": name} for name in ("train", "test", split)]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    message = refused(tmp_path, "train", "dpo", "--setting", path)
    assert "pairs.jsonl: a split's name: expected a name " in message
    assert "escaped" not in " ".join(map(str, tmp_path.parent.iterdir()))


@pytest.mark.parametrize(
    "option", ["files: {../out: pairs.jsonl}", "files: {train: pairs.jsonl}, holdout: {../h: 0.5}"]
)
def test_a_split_of_a_recipe_writes_nowhere_else(tmp_path: Path, write_yaml: Write, option: str):
    path = write_yaml(
        "files.yaml",
        swap={
            "data:\n  source: toy\n  options: {demonstrations: 160, preference_prompts: 48, validation_prompts: 24, "
            "test_prompts: 40}\n": f"data: {{source: local_files, options: {{{option}}}}}\n"
        },
    )
    (tmp_path / "pairs.jsonl").write_text(json.dumps(ROW) + "\n", encoding="utf-8")
    assert "expected a name that can be a file's name" in refused(tmp_path, "train", "dpo", "--setting", path)


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", '"\\e[31m"', '"=cmd()"', ".git"])
def test_names_of_settings_recipes_and_variants_are_names(tmp_path: Path, write_yaml: Write, name: str):
    setting = write_yaml("setting.yaml", swap={"name: micro\n": f"name: {name}\n"})
    assert "setting: expected a name " in refused(tmp_path, "train", "dpo", "--setting", setting)
    recipe = write_yaml("mine.yaml", f"name: {name}\nsetting: {MICRO}\nmethod: {{name: dpo, variant: {name}}}\n")
    message = refused(tmp_path, "train", recipe)
    assert "name: expected a name " in message and "method.variant: expected a name " in message
    assert "\x1b" not in message


# --- files that are not what they should be --------------------------------------------------------------------------


@pytest.mark.parametrize("content", [SECRET, f"*{SECRET}", f"@{SECRET}", f"- {SECRET}", f'"{SECRET}', f"{{{SECRET}"])
@pytest.mark.parametrize(
    "line",
    [
        "extends: ../token_file",
        "tokenization: {template: null, chat_template: ../token_file}",
        "method: {file: ../token_file}",
        "data: {source: local_files, options: {files: {train: ../token_file.jsonl}}}",
        "model: {model_name_or_path: ../token_folder, from_config: null, train_tokenizer: null}",
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_not_quoted(tmp_path: Path, write_yaml: Write, line: str, content: str):
    for name in ("token_file", "token_file.jsonl", "token_folder/config.json", "token_folder/tokenizer.json"):
        write_yaml(name, f"{content}\n")
    setting = MICRO.read_text(encoding="utf-8")
    if line.startswith("extends"):
        target = ["dpo", "--setting", write_yaml("inner/setting.yaml", f"name: inner\n{line}\n")]
    elif line.startswith("data"):
        other = re.sub(r"data:\n  source: toy\n  options: .*\n", line + "\n", setting)
        target = ["dpo", "--setting", write_yaml("inner/setting.yaml", other)]
    else:
        method = "" if line.startswith("method") else "method: {name: dpo}\n"
        target = [write_yaml("inner/mine.yaml", f"name: mine\nsetting: {MICRO}\n{method}{line}\n")]
    message = refused(tmp_path, "train", *target)
    assert SECRET not in message and "token_f" in message


# --- texts -----------------------------------------------------------------------------------------------------------


def test_a_notice_is_shown_and_not_obeyed(tmp_path: Path, write_yaml: Write):
    """Markup of rich, which once ended the command, and escapes of a terminal."""
    text = 'notice: "[/x] [bold]look[/] \\e]0;title\\a \\e[31mred"\n'
    setting = write_yaml("setting.yaml", re.sub(r"notice: .*\n", lambda _: text, MICRO.read_text(encoding="utf-8")))
    ended = bench("compare", "dpo", "--setting", setting, "--runs", tmp_path / "runs", "--dry-run")
    assert ended.code == 0, ended.err
    assert "[/x] [bold]look[/] \\x1b]0;title\\x07 \\x1b[31mred" in " ".join((ended.out + ended.err).split())
    assert "\x1b" not in ended.out + ended.err


@pytest.mark.parametrize("text", ["[/x]", "[bold]x[/bold]", "a\x1b[2Jb", "\u202egnp", "\ud800", ":smile:"])
def test_every_way_to_print_shows_a_text_and_obeys_nothing(capsys: pytest.CaptureFixture[str], text: str):
    shown = output.shown(text)
    output.print_note(text)
    output.print_rows([{"name": text, "value": 1.0}], title=text)
    output.print_whole([text, [(text, "bold")]])
    output.stdout().print(text, highlight=False)
    output.stderr().print(text, highlight=False, markup=False)
    out, err = capsys.readouterr()
    assert out.count(shown) == 6 and err.strip() == shown
    assert text in (shown, text) and "\x1b" not in out + err and "\u202e" not in out + err


def test_json_is_the_same_value_without_a_character_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]):
    value = {"a\x9b31m": "\u202e\ud800\x1b", "b": "caf\u00e9"}
    output.print_json(value)
    out = capsys.readouterr().out
    assert json.loads(out) == value and out.isascii()
    output.print_json({"b": "caf\u00e9"})
    assert "caf\u00e9" in capsys.readouterr().out
