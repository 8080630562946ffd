"""A grid on a real Ray cluster whose actor and driver are killed: each stage once, and the local queue's tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from harness import ROOT

from benchmarks.ray_queue import CIRCUMSTANCES, METHODS, SEEDS, measured


def require_each_once(known: Mapping[str, Any]) -> None:
    """As the local queue has it, but for attempts of what was killed."""
    assert known["done"] == known["stages"] == known["stages of the local queue"] > len(METHODS) * len(SEEDS)
    assert known["done again"] == [] and known["done when the driver was killed"] > 0
    assert sum(known["attempts"].values()) == known["stages"]
    assert known["attempts"]["1"] >= known["stages"] - 4, "two were killed, and two more may have begun beside them"
    assert set(known["files of the tables"]) - set(known["alike"]) <= CIRCUMSTANCES
    assert {"measurements.csv", "comparisons.csv", "seeds.csv", "pairs.parquet", "report.md"} <= set(known["alike"])
    assert known["executors"] == ["ray"]
    assert len(set(known["killed"])) == 2


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="the package ray is not installed: pip install 'benchbench[ray]'")
def test_a_grid_survives_an_actor_and_its_driver(tmp_path: Path):
    require_each_once(measured(tmp_path))


def test_the_committed_record_says_so():
    require_each_once(json.loads((ROOT / "results" / "performance" / "ray.json").read_text(encoding="utf-8")))
