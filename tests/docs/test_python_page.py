"""docs/python.md: its examples run as written, and it names what there is."""

from __future__ import annotations

import csv
import dataclasses
import inspect
import os
import re
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import ROOT

import benchbench
from benchbench.core.errors import BenchError

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], list[str]]:
    """Run an example as a script is run, in this process, which has imported already what takes seconds.

    It has one core, so that it starts one worker. Returns the lines it printed.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0})

    def lines(code: str) -> list[str]:
        exec(compile(code, "example.py", "exec"), {"__name__": "__main__"})
        return capsys.readouterr().out.splitlines()

    return lines


def test_the_first_example_prints_the_committed_reference(run: Callable[[str], list[str]], tmp_path: Path):
    (tmp_path / "results").symlink_to(ROOT / "results")
    printed = [line.split() for line in run(EXAMPLES[0])]
    assert [line[0] for line in printed[2:]] == ["ddo_rm", "dpo", "sft", "simpo"]
    assert all(line[-1] == "10" for line in printed[2:])
    with (ROOT / "results" / "reference" / "tiny" / "measurements.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            row for row in csv.DictReader(file) if (row["metric"], row["scoring"]) == ("pair_accuracy", "logp_mean")
        ]
    values = [float(row["value"]) for row in rows if row["method"] == "dpo"]
    assert printed[3][:2] == ["dpo", f"{statistics.mean(values):.4f}"]


def test_the_second_example_trains_and_prints_a_row_per_method(run: Callable[[str], list[str]], tmp_path: Path):
    printed = run(EXAMPLES[1])
    assert [line.split()[0] for line in printed] == ["candidate", "dpo", "simpo", "sft"]
    assert (tmp_path / "results" / "tiny" / "comparisons.csv").is_file()


def test_every_argument_and_table_is_named():
    for name in list(inspect.signature(benchbench.compare).parameters)[1:]:
        assert f"`{name}`" in PAGE or f"{name}=" in PAGE, name
    for field in dataclasses.fields(benchbench.Results):
        assert field.name == "folder" or f"`{field.name}`" in PAGE


def test_the_error_is_the_command_lines(tmp_path: Path):
    assert "`benchbench.core.errors.BenchError`" in PAGE
    with pytest.raises(BenchError, match="unknown method 'dpoo'. Did you mean"):
        benchbench.compare("dpoo", runs=tmp_path, results=tmp_path)
