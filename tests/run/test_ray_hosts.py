"""A Ray cluster of two hosts with networks, names and processes of their own and one folder: host and driver killed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.ray_differences import beyond_circumstances
from benchmarks.ray_hosts import STEPS, may_make_hosts, measured
from benchmarks.ray_queue import grid_line


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="the package ray is not installed: pip install 'benchbench[ray]'")
@pytest.mark.skipif(not may_make_hosts(), reason="this user may make no network namespaces")
def test_a_grid_on_two_hosts_survives_an_actor_a_host_and_its_driver(tmp_path: Path):
    shown = measured(tmp_path, grid_line(("dpo", "simpo"), ("1", "2"), STEPS))
    assert shown["done"] == shown["stages"] == shown["stages of the local queue"]
    assert shown["done again"] == [] and min(shown["attempts of those killed"]) > 1
    assert set(shown["stages that ended on each host"]) == {"1", "2"}, "each host ran stages to their end"
    fields = shown["fields that differ"]
    assert beyond_circumstances(fields) == [] and "measurements.csv" not in fields
