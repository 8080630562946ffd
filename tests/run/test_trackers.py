"""Trackers: what is missing is told with its extra, and TensorBoard's own reader reads what was written."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from harness import MICRO, bench, leftovers

from benchbench.core.errors import BenchError
from benchbench.run import trackers
from benchbench.run.trackers import TRACKERS, require_tracker
from benchbench.store.offline import VARIABLES, offline


def test_a_missing_package_is_told_with_the_extra_that_installs_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    for name in TRACKERS:
        with pytest.raises(BenchError) as refused:
            require_tracker(name)
        assert str(refused.value) == (
            f"--log-to {name}: expected the package {name}, found none; install it with pip install "
            f"'benchbench[{name}]', or leave --log-to out"
        )


def test_every_tracker_is_an_extra_of_the_package():
    import tomllib

    from harness import ROOT

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for name in TRACKERS:
        (requirement,) = extras[name]
        assert requirement.startswith(f"{name}>=")


def test_it_is_refused_before_anything_is_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    for verb in (
        ("train", "dpo"),
        ("compare", "dpo", "simpo"),
        ("tune", "dpo", "--grid", "preference.learning_rate=1e-3,2e-3"),
    ):
        ended = bench(*verb, "--setting", MICRO, "--runs", tmp_path / "runs", "--log-to", "wandb")
        assert ended.code == 2 and "pip install 'benchbench[wandb]'" in ended.err and ended.out == ""
    ended = bench("train", "dpo", "--setting", MICRO, "--runs", tmp_path / "runs", "--log-to", "tensorbord")
    assert ended.code == 2 and "Did you mean 'tensorboard'?" in ended.err
    assert leftovers(tmp_path / "runs") == []


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What stand-ins of wandb and trackio were called with."""
    called: list[Any] = []

    def init(**words: Any) -> Any:
        called.append(words)
        return SimpleNamespace(
            log=lambda values, step: called.append((step, values)), finish=lambda: called.append("finished")
        )

    for name in ("wandb", "trackio"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(init=init))
    return called


def test_wandb_gets_a_run_of_its_own_and_no_network_under_offline(
    calls: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    run = TRACKERS["wandb"]("a-run", {"seed": 1}, tmp_path / "wandb")
    run.log(3, {"loss": 1.0})
    run.close()
    about = {"project": "benchbench", "name": "a-run", "config": {"seed": 1}, "reinit": "create_new"}
    assert calls == [about | {"dir": str(tmp_path / "wandb")}, (3, {"loss": 1.0}), "finished"]
    with offline():
        TRACKERS["wandb"]("a-run", {}, tmp_path / "wandb")
    assert calls[-1]["mode"] == "offline"


def test_trackio_gets_a_run(calls: list[Any], tmp_path: Path):
    run = TRACKERS["trackio"]("a-run", {"seed": 1}, tmp_path)
    run.log(3, {"loss": 1.0})
    run.close()
    assert calls == [{"project": "benchbench", "name": "a-run", "config": {"seed": 1}}, (3, {"loss": 1.0}), "finished"]


def test_tensorboards_own_reader_reads_what_was_written(tmp_path: Path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = TRACKERS["tensorboard"]("a-run", {}, tmp_path)
    for step in (1, 2, 40):
        run.log(step, {"loss": 1 / step, "rewards/margins": float(step)})
    run.close()
    reader = EventAccumulator(str(tmp_path / "a-run"))
    reader.Reload()
    assert sorted(reader.Tags()["scalars"]) == ["loss", "rewards/margins"]
    assert [(event.step, event.value) for event in reader.Scalars("loss")] == [
        (1, 1.0),
        (2, 0.5),
        (40, pytest.approx(0.025)),
    ]
    assert [event.value for event in reader.Scalars("rewards/margins")] == [1.0, 2.0, 40.0]


def test_a_training_is_passed_on_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Every logged step of SFT and DPO; the stages are those of a run without a tracker."""
    runs: dict[str, list[int]] = {}

    def fake(name: str, settings: Any, folder: Path) -> Any:
        runs[name] = []
        return SimpleNamespace(log=lambda step, values: runs[name].append(step), close=lambda: None)

    monkeypatch.setattr(trackers, "find_spec", lambda name: object())
    monkeypatch.setitem(TRACKERS, "trackio", fake)
    line = ("train", "dpo", "--setting", MICRO, "--seeds", 1, "--workers", 1, "--runs", tmp_path / "runs")
    ended = bench(*line, "--results", tmp_path / "results", "--log-to", "trackio")
    assert ended.code == 0, ended.err
    assert {name.rpartition("-seed-1-")[0]: steps for name, steps in runs.items()} == {
        "sft": [1, 2, 3, 4],
        "dpo": [1, 2, 3],
    }
