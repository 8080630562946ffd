"""Results on stdout, everything else on stderr; `--json` makes stdout machine-readable for every verb."""

from __future__ import annotations

import fcntl
import io
import json
import os
import struct
import sys
import termios

import pytest
import typer
from harness import MICRO, Finished, bench

from benchbench.cli import output
from benchbench.cli.app import app


def test_progress_goes_to_stderr_and_the_table_to_stdout(finished: Finished):
    out, err = finished.ended.out, finished.ended.err
    assert "pair_accuracy under logp_mean" in out
    for word in ("stages to run", "done in", "tokens/s", "written:"):
        assert word in err
        assert word not in out
    assert "pair_accuracy under" not in err


def test_progress_off_a_terminal_is_one_plain_line_per_stage(finished: Finished):
    lines = [line for line in finished.ended.err.splitlines() if ": done in" in line]
    total = len(lines)
    assert [line.split("]")[0] for line in lines] == [f"[{number}/{total}" for number in range(1, total + 1)]
    assert "\x1b" not in finished.ended.err


def json_lines(finished: Finished) -> dict[str, list[object]]:
    """One quick command line per verb that prints JSON."""
    micro = ["--setting", MICRO, "--runs", finished.runs, "--json"]
    return {
        "train": ["train", "dpo", *micro, "--dry-run"],
        "eval": ["eval", "dpo", "--seeds", 1, *micro],
        "compare": ["compare", "dpo", "--seeds", 1, *micro, "--dry-run"],
        "fetch": ["fetch", "dpo", *micro],
        "recipes ls": ["recipes", "ls", "--json"],
        "recipes show": ["recipes", "show", "dpo", "--json"],
        "recipes validate": ["recipes", "validate", "--json"],
        "methods ls": ["methods", "ls", "--json"],
        "methods show": ["methods", "show", "dpo", "--json"],
        "env": ["env", "--json"],
    }


def verbs() -> dict[str, object]:
    """Every command by its words."""
    commands = typer.main.get_command(app).commands
    found = {}
    for name, command in commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {verb}": each for verb, each in inner.items()} if inner else {name: command}
    return found


def test_every_verb_has_json():
    assert [name for name, command in verbs().items() if "as_json" not in {p.name for p in command.params}] == []


@pytest.mark.parametrize(
    "verb",
    [
        "train",
        "eval",
        "compare",
        "fetch",
        "recipes ls",
        "recipes show",
        "recipes validate",
        "methods ls",
        "methods show",
        "env",
    ],
)
def test_json_is_one_document_and_nothing_else(finished: Finished, verb: str):
    ended = bench(*json_lines(finished)[verb])
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)
    assert ended.out.strip()[0] in "[{"


def test_json_has_null_where_a_number_is_undefined(finished: Finished, tmp_path):
    """One seed has no detectable difference, the baseline no interval; NaN is no JSON."""
    ended = bench(
        "compare", "dpo", "--setting", MICRO, "--seeds", 1, "--runs", finished.runs, "--results", tmp_path, "--json"
    )
    assert ended.code == 0, ended.err
    assert "NaN" not in ended.out
    rows = ended.json["comparisons"]
    assert {row["minimum_detectable_difference"] for row in rows} == {None}
    assert {row["low"] for row in rows if row["candidate"] == "dpo"} == {None}
    assert all(
        isinstance(row["low"], float) for row in rows if row["metric"] == "pair_accuracy" and row["candidate"] == "sft"
    )
    assert all(isinstance(row["mean"], float) for row in rows)
    assert "finished already" in ended.err


WIN_RATES = [
    {
        "method": label,
        "seeds 42, 13, 3407": "0.4183 0.4200 0.4117",
        "win rate [95%]": "0.4167 [0.3808, 0.4535]",
        "at equal length [95%]": "0.3935 [0.3547, 0.4338]",
        "near-equal": "138/900",
        "p Holm": "<0.0001",
        "MDD": 0.0561,
        "wins/ties/losses": "341/68/491",
        "missing": 0,
        "characters": 53.6,
        "opponent's characters": 56.6,
    }
    for label in ("dpo", "ddo_rm")
]
PATHS = [{"key": "sft.learning_rate", "value": "0.0001", "origin": "a/very_long_folder_name/" * 4 + "recipe.yaml:12"}]


def shown(rows: list[dict[str, object]], monkeypatch: pytest.MonkeyPatch, *, width: int) -> str:
    """What is printed of rows where COLUMNS says so many."""
    text = io.StringIO()
    monkeypatch.setattr(sys, "stdout", text)
    monkeypatch.setenv("COLUMNS", str(width))
    output.print_rows(rows, title="a title")
    assert max(len(line) for line in text.getvalue().splitlines()) <= width
    return text.getvalue()


def test_a_table_that_is_wider_than_the_terminal_is_whole_all_the_same(monkeypatch: pytest.MonkeyPatch):
    """No digit is cut: where columns do not fit side by side, a table of few rows is turned."""
    text = shown(WIN_RATES, monkeypatch, width=80)
    assert text.startswith("a title\nmethod ")
    for row in WIN_RATES:
        for name, value in row.items():
            (line,) = [line for line in text.splitlines() if line.startswith(f"{name}  ")]
            assert output.cell(value) in line


def test_a_table_that_fits_keeps_its_columns(monkeypatch: pytest.MonkeyPatch):
    lines = shown(WIN_RATES, monkeypatch, width=200).splitlines()
    assert (
        len([line for line in lines if "0.4167 [0.3808, 0.4535]" in line and line.startswith(("dpo", "ddo_rm"))]) == 2
    )


def test_a_long_path_in_a_narrow_table_goes_on_in_the_next_line(monkeypatch: pytest.MonkeyPatch):
    text = shown(PATHS, monkeypatch, width=80)
    assert "a/very_long_folder_name/" * 4 + "recipe.yaml:12" in "".join(
        line.split()[-1] for line in text.splitlines()[3:]
    )


def test_numbers_stand_to_the_right_of_their_column(capsys: pytest.CaptureFixture[str]):
    output.print_rows([{"stage": "sft", "seconds": 12.5}, {"stage": "dpo", "seconds": None}])
    assert capsys.readouterr().out.splitlines()[2:] == ["sft       12.5", "dpo          -"]


@pytest.mark.parametrize(("said", "width"), [("", 80), ("100", 100), ("7", 20), ("wide", 80)])
def test_what_is_no_terminal_has_80_columns_unless_told_otherwise(
    said: str, width: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setenv("COLUMNS", said)
    assert output.terminal_width() == width


def test_a_terminal_is_as_wide_as_it_is(monkeypatch: pytest.MonkeyPatch):
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 97, 0, 0))
    monkeypatch.delenv("COLUMNS", raising=False)
    with open(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        assert output.terminal_width() == 97
        monkeypatch.undo()
    os.close(ours)


@pytest.mark.parametrize("console", [output.stdout, output.stderr])
def test_text_that_looks_like_markup_is_printed_as_it_is(console, capsys: pytest.CaptureFixture[str]):
    """A path or a recipe's name may hold brackets, and a word between colons is no picture."""
    text = "written: runs/[/bold]/[red]x[/red] :smile:"
    console().print(text)
    printed = capsys.readouterr()
    assert text in printed.out + printed.err


def test_the_title_of_a_table_is_printed_as_it_is(capsys: pytest.CaptureFixture[str]):
    output.print_rows([{"[/a] is as wide as the title": "[/b]"}], title="dpo [/bold]")
    printed = capsys.readouterr().out
    assert all(text in printed for text in ("dpo [/bold]", "[/a]", "[/b]"))


def test_whole_lines_are_neither_folded_nor_read_as_markup(capsys: pytest.CaptureFixture[str]):
    long = "[bold]x[/bold] :smile: " + "word " * 40
    output.print_whole([long, [("a", "bold red"), ("[b]", "")]])
    assert capsys.readouterr().out == f"{long}\na[b]\n"


def test_what_an_encoding_has_can_be_printed(monkeypatch: pytest.MonkeyPatch):
    for encoding, is_there in (("utf-8", True), ("ascii", False)):
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
        assert output.can_print("▁█") is is_there and output.can_print("#")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert output.can_print("▁█")
