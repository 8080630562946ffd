"""A grid on a real Ray cluster whose actor and driver are killed: each stage once, and the local queue's tables."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT

from benchmarks.ray_differences import beyond_circumstances, field_differences, unlike_files
from benchmarks.ray_queue import METHODS, SEEDS, measured


def require_each_once(known: Mapping[str, Any]) -> None:
    """As the local queue has it, but for attempts of what was killed."""
    assert known["done"] == known["stages"] == known["stages of the local queue"] > len(METHODS) * len(SEEDS)
    assert known["done again"] == [] and known["done when the driver was killed"] > 0
    assert sum(known["attempts"].values()) == known["stages"]
    assert known["attempts"]["1"] >= known["stages"] - 6, "three were ended, and three more may have begun beside them"
    assert beyond_circumstances(known["fields that differ"]) == []
    alike = set(known["files of the tables"]) - set(known["fields that differ"])
    assert {"measurements.csv", "comparisons.csv", "seeds.csv", "pairs.parquet", "report.md"} <= alike
    assert known["exit code of the command that was asked to stop"] == 128 + signal.SIGTERM
    assert known["executors"] == ["ray"]
    assert len({*known["killed"], known["asked to stop"]}) == 3


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="the package ray is not installed: pip install 'benchbench[ray]'")
def test_a_grid_survives_an_actor_and_its_driver(tmp_path: Path):
    require_each_once(measured(tmp_path))


def test_the_committed_record_says_so():
    require_each_once(json.loads((ROOT / "results" / "performance" / "ray.json").read_text(encoding="utf-8")))


def test_fields_that_differ_are_named_whatever_the_file(tmp_path: Path):
    """A loss is no circumstance; seconds are, and a table with a row for each value says which of them."""
    texts = {
        "cells.jsonl": ['{"seconds": {"score": 1}, "loss": 1}\n', '{"seconds": {"score": 2}, "loss": 3}\n'],
        "environment.csv": ["name,value\nexecutor,local\nhost,a\n", "name,value\nexecutor,ray\nhost,a\n"],
        "report.md": ["a", "a"],
        "rows.parquet": ["a", "b"],
    }
    for name, each in texts.items():
        for folder, text in zip(("one", "other"), each, strict=True):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_text(text)
    fields = unlike_files(tmp_path / "one", tmp_path / "other")
    assert fields == {
        "cells.jsonl": ["loss", "seconds.score"],
        "environment.csv": ["value.executor"],
        "rows.parquet": ["content"],
    }
    assert beyond_circumstances(fields) == ["cells.jsonl: loss", "rows.parquet: content"]
    assert field_differences(tmp_path / "one/report.md", tmp_path / "one/none.md") == ["content"]
