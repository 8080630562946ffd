"""Processes in turn: each answers for itself, and one that ends says why."""

from __future__ import annotations

import pytest

from benchmarks.children import Child, Plan, answer_of, in_turn
from benchmarks.worker import Task


@pytest.mark.slow
def test_variants_are_measured_in_turn():
    tasks = [Task(name, "bench", quick=True) for name in ("ours", "matrix products")]
    measured, load = in_turn(tasks, Plan(one_thread=2, all_cores=1))
    assert list(measured) == ["ours", "matrix products"] and load >= 0
    ours = measured["ours"]
    assert len(ours.rounds) == 2 and min(ours.rounds) <= ours.cpu_seconds <= max(ours.rounds)
    assert ours.peak_mib > ours.imported_mib > 0 and ours.wall_seconds > 0 and len(ours.values) == 2


def test_a_process_that_ends_says_why():
    with pytest.raises(RuntimeError, match="KeyError: 'no such variant'"), Child(Task("no such variant", "bench")):
        pass


def test_a_module_that_fails_says_why():
    with pytest.raises(RuntimeError, match="benchmarks.generation ended with 1"):
        answer_of("benchmarks.generation")
