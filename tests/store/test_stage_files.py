"""What a stage's folder says, also of a stage that was killed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.records import StageSpec
from benchbench.store.locks import LOCK, read_lock
from benchbench.store.runs import RunStore
from benchbench.store.stage_files import curves, find_stage, log_lines, read_stage

ENVIRONMENT = {"device_kind": "cpu"}


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    store = RunStore(tmp_path / "runs")
    for seed in (1, 2):
        spec = StageSpec("sft", f"sft seed {seed}", {"seed": seed}, {}, {})
        store.write(replace(store.begin(spec, ENVIRONMENT), status="done", summary={"steps": 2}))
    return store


def keys(store: RunStore) -> list[str]:
    return sorted(f"sft/{path.name}" for path in (store.root / "sft").iterdir())


def test_a_folder_is_read_with_its_record_and_its_log(store: RunStore):
    key = keys(store)[0]
    (store.folder(key) / "train.jsonl").write_text('{"loss": 2.0, "step": 1}\n{"loss": 1.0, "step": 2}\n{"los')
    files = read_stage(store.folder(key))
    assert files.key == key and files.spec.key == key and files.store.root == store.root.resolve()
    assert files.record is not None and files.record.status == "done"
    assert [line["loss"] for line in files.log] == [2.0, 1.0]


def test_a_folder_without_a_stage_is_refused_with_the_way_out(tmp_path: Path):
    with pytest.raises(BenchError, match="expected the folder of a stage.*bench status --all") as refused:
        read_stage(tmp_path)
    assert refused.value.exit_code is ExitCode.UNAVAILABLE


TEN_TIMES = ", ".join(["*a"] * 10)
ALIASES = "a: &a [1]\n" + "".join(f"{name}: &a [{TEN_TIMES}]\n" for name in "bcdefghi")
LOCKS = [
    os.mkfifo,
    *(
        lambda path, text=text: path.write_text(text)
        for text in ("[" * 5000, "a: " + "{a: [" * 2000, "1", f"title: {'9' * 5000}", ALIASES, "title: !!set {}")
    ),
]
"""A pipe, those that are nested too deep, none, with a number of 5,000 digits, aliases of 10^8 values, and a tag."""


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_that_is_none_is_refused_and_nobody_waits_for_it(tmp_path: Path, lock: Callable[[Path], object]):
    lock(tmp_path / LOCK)
    with pytest.raises(BenchError, match="found no lock.yaml in it that can be read"):
        read_stage(tmp_path)
    with pytest.raises((OSError, ValueError)):
        read_lock(tmp_path / LOCK)


def test_a_key_may_be_cut_short_as_long_as_it_is_one_stage(store: RunStore):
    first, second = keys(store)
    assert find_stage(store, first[:-4]) == store.folder(first)
    assert find_stage(store, second) == store.folder(second)
    with pytest.raises(BenchError, match="found 2: "):
        find_stage(store, "sft/")
    with pytest.raises(BenchError, match="found none"):
        find_stage(store, "sft/zzz")


def test_a_log_ends_before_a_half_line(tmp_path: Path):
    path = tmp_path / "train.jsonl"
    assert log_lines(path) == []
    path.write_text('{"step": 1}\n[1]\n{"step": 3}\n')
    assert log_lines(path) == [{"step": 1}]


def test_curves_are_the_numbers_by_name_the_loss_first():
    log = [{"step": 1, "grad_norm": 3.0, "loss": 2.0, "kind": "a"}, {"step": 4, "loss": 1.0, "on": True}]
    assert curves(log) == {"loss": [(1, 2.0), (4, 1.0)], "grad_norm": [(1, 3.0)]}
    assert list(curves(log)) == ["loss", "grad_norm"]
