"""`bench methods new` and `check`: a method that works from the first moment, and messages that teach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from harness import bench

from tests.methods.own_files import write_method


def test_what_is_written_works_with_its_test(away: Path):
    assert bench("methods", "new", "mine").code == 0
    checked = bench("methods", "check", "./mine.py")
    assert checked.code == 0 and "keeps the contract (12 checks, 1 preset)" in checked.out
    line = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(line, cwd=away, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("present", ["mine.py", "test_mine.py"])
def test_nothing_is_overwritten(away: Path, present: str):
    (away / present).write_text("mine\n")
    ended = bench("methods", "new", "mine")
    assert ended.code == 2 and f"{present}: there already" in ended.err
    assert [path.name for path in away.iterdir()] == [present]
    assert (away / present).read_text() == "mine\n"


@pytest.mark.parametrize(("name", "said"), [("dpo", "no built-in method has"), ("my-loss", "letters, digits and _")])
def test_a_name_that_a_method_cannot_have_is_refused(away: Path, name: str, said: str):
    ended = bench("methods", "new", name)
    assert ended.code == 2 and said in ended.err
    assert list(away.iterdir()) == []


def test_a_breach_is_said_in_words_and_for_programs(tmp_path: Path):
    path = write_method(tmp_path, swap=("chosen - rejected)", "rejected - chosen)"))
    ended = bench("methods", "check", path)
    assert ended.code == 2
    assert ended.out.startswith("mine: ") and "1 problem\n  monotone in the chosen" in ended.out
    assert "check the signs" in ended.out
    values = bench("methods", "check", path, "--json")
    assert values.code == 2
    assert [set(problem) for problem in values.json["problems"]] == [{"check", "expected", "observed", "remedy"}]


def test_a_built_in_method_can_be_checked():
    ended = bench("methods", "check", "ddo_rm")
    assert ended.code == 0 and ended.out.startswith("ddo_rm: keeps the contract (12 checks, 2 presets)")
