"""Rows and their seeds come from names, folders, or the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchbench.commands.imported.files import read_files
from benchbench.commands.imported.rows import NO_SEED, Placed, place_runs
from benchbench.core.errors import BenchError
from tests.imports.logs import annotation, write_json, write_log


def annotated(path: Path, model: str) -> str:
    return str(write_json(path, [annotation(k, model, 2.0) for k in range(3)]))


def places(runs: list[Placed]) -> list[tuple[str, int]]:
    return [(run.label, run.seed) for run in runs]


def test_a_name_that_ends_with_a_seed_is_one_seed_of_a_row(tmp_path: Path):
    """As this bench exports them: `dpo-seed1`."""
    words = [annotated(tmp_path / f"{m}{s}.json", f"{m}-seed{s}") for m in ("dpo", "simpo") for s in (1, 2)]
    assert places(place_runs(read_files(words))) == [("dpo", 1), ("dpo", 2), ("simpo", 1), ("simpo", 2)]


def test_a_folder_may_name_the_seed(tmp_path: Path):
    words = [
        f"{m}={annotated(tmp_path / m / f'seed_{s}' / 'judge' / 'a.json', 'out/model')}"
        for m in ("dpo", "simpo")
        for s in (42, 13)
    ]
    assert places(place_runs(read_files(words))) == [("dpo", 13), ("dpo", 42), ("simpo", 13), ("simpo", 42)]


def test_rows_with_one_run_each_need_no_equal_seeds(tmp_path: Path):
    words = [annotated(tmp_path / "a.json", "dpo-seed1"), annotated(tmp_path / "b.json", "simpo-seed2")]
    assert places(place_runs(read_files(words))) == [("dpo", NO_SEED), ("simpo", NO_SEED)]


def test_a_row_of_one_run_without_a_seed_stands_at_every_seed(tmp_path: Path):
    words = [annotated(tmp_path / "base.json", "base")]
    words += [annotated(tmp_path / f"{s}.json", f"dpo-seed{s}") for s in (1, 3)]
    assert places(place_runs(read_files(words))) == [("base", 1), ("base", 3), ("dpo", 1), ("dpo", 3)]


def test_seeds_of_which_some_have_no_name_are_refused(tmp_path: Path):
    words = [f"{m}={annotated(tmp_path / f'{m}.json', 'x')}" for m in ("dpo-seed1", "dpo", "simpo")]
    with pytest.raises(BenchError, match="dpo: some runs have a seed in their name, .*dpo.json has none"):
        place_runs(read_files(words))


def test_runs_of_one_name_are_seeds_only_where_it_is_said(tmp_path: Path):
    words = [f"{m}={annotated(tmp_path / f'{m}{s}.json', 'x')}" for m in ("a", "b") for s in "pq"]
    read = read_files(words)
    with pytest.raises(BenchError) as refused:
        place_runs(read)
    assert "2 problems" in str(refused.value)
    assert "a, alpaca_eval: is in " in str(refused.value)
    assert "keep one, name them apart (NAME=FILE), or say --seed-of a if they are training seeds" in str(refused.value)
    assert places(place_runs(read, seeds_of=["a", "b"])) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_tasks_of_one_run_are_joined_and_their_seeds_counted_task_by_task(tmp_path: Path):
    words = []
    for label in "ab":
        for run in "pq":
            words += [f"{label}={write_log(tmp_path / label / run, [1, 0], task=task)}" for task in ("x", "y")]
    placed = place_runs(read_files(words), seeds_of=["a", "b"])
    assert places(placed) == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]
    assert all([group.group for group in run.groups] == ["x", "y"] for run in placed)


def test_targets_choose_rows_and_their_order(tmp_path: Path):
    words = [annotated(tmp_path / f"{m}.json", m) for m in ("a", "b", "c")]
    assert places(place_runs(read_files(words), targets=["c", "a"])) == [("c", NO_SEED), ("a", NO_SEED)]
    with pytest.raises(BenchError, match="unknown row 'd'. Known: a, b, c"):
        place_runs(read_files(words), targets=["d"])
    with pytest.raises(BenchError, match="unknown row 'd'"):
        place_runs(read_files(words), seeds_of=["d"])


def test_a_row_alone_says_what_was_left_alone(tmp_path: Path):
    annotated(tmp_path / "m.json", "m")
    write_json(tmp_path / "other.json", {"a": 1})
    with pytest.raises(BenchError, match="found m alone; NAME=FILE names runs apart; left alone: 1 file"):
        place_runs(read_files([str(tmp_path)]))


def test_one_row_alone_is_no_comparison(tmp_path: Path):
    words = [annotated(tmp_path / f"{s}.json", f"dpo-seed{s}") for s in (1, 2)]
    with pytest.raises(BenchError, match="expected two rows at least, found dpo alone with its seeds; NAME=FILE"):
        place_runs(read_files(words))
