"""What names a run: a folder with a lock file, a key that may be cut short, or a method."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchbench.commands import run_target
from benchbench.commands.run_plan import RunOptions
from benchbench.commands.run_target import RunTarget, stage_folder, trained_folder
from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.records import StageSpec
from benchbench.store.runs import RunStore


@pytest.fixture
def options(tmp_path: Path) -> RunOptions:
    return RunOptions(runs=tmp_path / "runs")


def test_a_folder_and_a_key_are_stages_and_anything_else_is_a_method(options: RunOptions):
    spec = StageSpec("sft", "sft seed 1", {}, {}, {})
    options.store.begin(spec, {"device_kind": "cpu"})
    folder = RunStore(options.store.root).folder(spec.key)
    assert stage_folder(str(folder), options) == folder
    assert stage_folder(spec.key[:8], options) == folder
    assert stage_folder("dpo", options) is None
    assert stage_folder("recipes/dpo_tiny.yaml", options) is None, "a path whose first folder is no kind of stage"
    with pytest.raises(BenchError, match="found none"):
        stage_folder("sft/zzz", options)


def run_of(key: str | None, monkeypatch: pytest.MonkeyPatch) -> RunTarget:
    monkeypatch.setattr(run_target, "trained_stage", lambda cell, plan: key)
    cell = SimpleNamespace(loaded=SimpleNamespace(label="dpo"), seed=3)
    return RunTarget(SimpleNamespace(plan=None), cell, False)


def test_a_run_that_never_began_or_trains_nothing_is_told(options: RunOptions, monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(BenchError, match="dpo seed 3: expected a run below .*preference/abc.*`bench train`") as refused:
        trained_folder(run_of("preference/abc", monkeypatch), options)
    assert refused.value.exit_code is ExitCode.INCOMPLETE
    with pytest.raises(BenchError, match="trains none or several") as refused:
        trained_folder(run_of(None, monkeypatch), options)
    assert refused.value.exit_code is ExitCode.USAGE


def test_a_run_that_began_has_its_folder_finished_or_not(options: RunOptions, monkeypatch: pytest.MonkeyPatch):
    spec = StageSpec("preference", "dpo seed 3", {}, {}, {})
    record = options.store.begin(spec, {"device_kind": "cpu"})
    options.store.write(replace(record, status="failed"))
    assert trained_folder(run_of(spec.key, monkeypatch), options) == options.store.folder(spec.key)
