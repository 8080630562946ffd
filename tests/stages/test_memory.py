"""The peak that is recorded is the stage's own, whatever the worker did before."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from harness import execute

from benchbench.core.errors import BenchError
from benchbench.core.records import StageSpec
from benchbench.stages import execute as execution
from benchbench.stages import memory
from benchbench.stages.context import Result, StageContext
from benchbench.stages.memory import PeakMemory, limit_memory, watch_memory
from benchbench.store.runs import RunStore

MIB = 2**20
forgets = pytest.mark.skipif(not memory._forget_largest_resident(), reason="this system keeps the peak of a process")


def _touch(mib: int) -> None:
    np.ones(mib * MIB, dtype=np.uint8)


def _peak_of(mib: int) -> float:
    watch = watch_memory("cpu")
    _touch(mib)
    gib = watch.peak().gib
    assert gib is not None
    return gib


@forgets
def test_a_stage_after_a_large_one_records_less_than_it():
    """400 MiB and then 1 MiB, in one process: the second peak is lower by most of the difference."""
    large, small = _peak_of(400), _peak_of(1)
    assert large - small > 300 / 1024


@forgets
def test_each_stage_of_a_worker_records_its_own_peak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Stages of 400 MiB and of 1 MiB, one after another in this process, as a worker runs them."""

    def allocate(context: StageContext) -> Result:
        _touch(context.spec.settings["mib"])
        return Result(0, {})

    monkeypatch.setattr(execution, "read_spec", lambda values: StageSpec.from_json(values))
    monkeypatch.setattr(execution, "runner", lambda kind: allocate)
    store = RunStore(tmp_path)
    specs = [StageSpec("score", f"{mib} MiB", {"mib": mib}) for mib in (400, 1)]
    large, small = (execute(spec, store) for spec in specs)
    assert (large.status, small.status) == ("done", "done")
    assert large.peak_memory_gib - small.peak_memory_gib > 300 / 1024
    assert store.record(specs[1].key) == small and small.peak_memory_note == ""


@forgets
def test_a_peak_holds_what_was_given_back_before_the_end():
    assert _peak_of(400) > _peak_of(1) > 0


def test_where_the_peak_cannot_be_forgotten_none_is_recorded_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The folder is not there, as on another system; then it has a peak, which is the worker's and not the stage's."""
    monkeypatch.setattr(memory, "_PROCESS", tmp_path / "proc")
    assert watch_memory("cpu").peak() == PeakMemory(None, memory.UNKNOWN)
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "status").write_text("VmHWM:\t 1048576 kB\n", encoding="utf-8")
    (tmp_path / "proc" / "clear_refs").mkdir()  # cannot be written
    assert watch_memory("cpu").peak() == PeakMemory(None, memory.UNKNOWN)


def test_the_resident_peak_is_read_in_gib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "status").write_text("VmPeak:\t 9 kB\nVmHWM:\t 1572864 kB\nVmRSS:\t 7 kB\n", encoding="utf-8")
    monkeypatch.setattr(memory, "_PROCESS", tmp_path)
    assert watch_memory("cpu").peak() == PeakMemory(1.5)
    assert (tmp_path / "clear_refs").read_text(encoding="utf-8") == "5"


def test_a_card_is_asked_for_the_peak_since_the_watch_began(monkeypatch: pytest.MonkeyPatch):
    """Of the stage's own card; on a machine with several, torch speaks of the first one where it is not told which."""
    allocated = {"cuda:1": 8 * 2**30}
    monkeypatch.setattr(torch.cuda, "init", lambda: None)
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: allocated.update({device: 0}))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: allocated[device])
    watch = watch_memory("cuda:1")
    allocated["cuda:1"] = max(allocated["cuda:1"], 3 * 2**30)
    assert watch.peak() == PeakMemory(3.0)


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Card -> part of it that tensors may have; every card has 12 GiB."""
    parts: dict[str, float] = {}
    monkeypatch.setattr(
        torch.cuda, "get_device_properties", lambda device: SimpleNamespace(total_memory=20 * memory.CONTEXT_BYTES)
    )
    monkeypatch.setattr(memory, "_limited", set())
    monkeypatch.setattr(
        torch.cuda, "set_per_process_memory_fraction", lambda fraction, device: parts.update({device: fraction})
    )
    return parts


def test_tensors_have_a_share_of_their_card_without_what_the_process_takes(limits: dict[str, float]):
    """A process takes a twentieth of the card, so four with a quarter each fit on it."""
    limit_memory("cuda:1", 0.25)
    assert limits == {"cuda:1": pytest.approx(0.2)}
    limit_memory("cuda:1", 1.0)
    assert limits == {"cuda:1": 1.0}


def test_a_process_with_a_whole_card_or_none_is_told_nothing(limits: dict[str, float]):
    limit_memory("cuda:1", 1.0)
    limit_memory("cpu", 0.25)
    assert limits == {}


def test_a_share_without_room_for_a_process_is_refused(limits: dict[str, float]):
    with pytest.raises(BenchError, match=r"--device-share 0.05: expected a part with more than 0.6 GiB.*cuda:0 with"):
        limit_memory("cuda:0", 0.05)


@pytest.mark.gpu
def test_a_card_forgets_the_peak_of_the_stage_before():
    if not torch.cuda.is_available():
        pytest.skip("this machine has no CUDA")

    def peak_of(mib: int) -> float | None:
        watch = watch_memory("cuda")
        torch.ones(mib * MIB, dtype=torch.uint8, device="cuda")
        return watch.peak().gib

    large, small = peak_of(400), peak_of(1)
    assert large is not None and small is not None and large - small > 300 / 1024
