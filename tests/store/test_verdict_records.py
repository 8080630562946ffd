"""A verdict as JSON, and the files of earlier versions."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from benchbench.core.judge import Verdict
from benchbench.store.verdict_records import FAULTS, read_old_answers, verdict_json, verdict_of

VERDICTS = [
    Verdict(1.0, "line\nbreak \u2028 [[A]] \U0001f600"),
    Verdict(None, "nonsense", "no verdict", {"requests": 2, "cost": 0.1 + 0.2}, "m-2026"),
    Verdict(1 / 3),
    Verdict(0.0, "lone \udc80"),
    Verdict(1.0, scores=(1.5, -0.25)),
]
WRONG = [
    {"first_wins": "A"},
    {"first_wins": 7},
    {"first_wins": True},
    {"first_wins": math.nan},
    {"first_wins": 1, "raw": 3},
    {"first_wins": 1, "note": None},
    {"first_wins": 1, "usage": []},
    {"first_wins": 1, "usage": {"cost": "much"}},
    {"first_wins": 1, "answered_by": 3},
    {"first_wins": 1, "scores": [1]},
    {"first_wins": 1, "scores": [1, "2"]},
    {"first_wins": 1, "strange": 2},
    {},
]


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_verdict_comes_back_as_it_was(verdict: Verdict):
    text = verdict_json(verdict)
    assert text.isascii() and verdict_of(text) == (verdict, None)


@pytest.mark.parametrize("values", WRONG)
def test_values_that_no_verdict_has_are_damage(values: dict, tmp_path: Path):
    with pytest.raises(FAULTS):
        verdict_of(json.dumps(values))
    (tmp_path / "old.jsonl").write_text(json.dumps({"key": "k", **values}) + "\n")
    assert read_old_answers(tmp_path / "old.jsonl") == ({}, 1)


def test_lines_that_are_no_verdicts_are_passed_over_and_counted(tmp_path: Path):
    path = tmp_path / "old.jsonl"
    line = '{"key": "a", "first_wins": 1.0, "raw": "", "note": "", "usage": {}, "answered_by": "", "scores": null}\n'
    path.write_text(f'{line}3\n[]\n{{"key": "b"}}\n{{"first_wins": 1}}\nnull\n{{"first_wins": 1, "key": ["x"]}}\n\n')
    assert read_old_answers(path) == ({"a": Verdict(1.0)}, 6)
    path.write_text("[" * 100_000 + "\n" + line)
    assert read_old_answers(path) == ({"a": Verdict(1.0)}, 1)


def test_half_a_line_of_a_killed_run_is_one_damaged_line(tmp_path: Path):
    path = tmp_path / "old.jsonl"
    lines = [json.dumps({"key": key, "first_wins": 1.0}) + "\n" for key in "abc"]
    for cut in range(2, len(lines[-1])):
        path.write_text("".join(lines)[:-cut])
        assert read_old_answers(path) == ({"a": Verdict(1.0), "b": Verdict(1.0)}, 1)
    path.write_text("".join(lines)[:-1])  # the line break alone is missing
    assert read_old_answers(path) == (dict.fromkeys("abc", Verdict(1.0)), 0)


def test_of_two_answers_the_first_counts_and_no_file_holds_none(tmp_path: Path):
    path = tmp_path / "old.jsonl"
    assert read_old_answers(path) == ({}, 0)
    path.write_text('{"key": "a", "first_wins": 1.0}\n{"key": "a", "first_wins": 0.0}\n')
    assert read_old_answers(path).verdicts == {"a": Verdict(1.0)}
