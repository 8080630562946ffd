"""The first of several processes, in this process: what it says of a stage that another machine took over."""

from __future__ import annotations

from multiprocessing import Pipe
from pathlib import Path

import pytest
import torch

from benchbench.core.errors import ExitCode
from benchbench.core.records import StageSpec
from benchbench.run.ranked import lead
from benchbench.stages import execute as execution
from benchbench.store.leases import LeaseLostError
from benchbench.training.ranks import Ranks

SPEC = StageSpec("sft", "taken", {"model": {}}, {}, {})


def test_a_stage_that_was_taken_over_has_failed_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Not with a traceback in a log and the exit code of a process that is gone."""

    def taken(*_: object, **__: object) -> None:
        raise LeaseLostError("runs/sft: process 7 on far took it over", exit_code=ExitCode.FAILED)

    monkeypatch.setattr(execution, "execute", taken)
    ours, first_end = Pipe()
    ours.send((SPEC.as_json(), None, 2, ()))
    lead(first_end, tmp_path, "cpu", Ranks(0, 2, torch.device("cpu")), lambda: False, begin=lambda values: None)
    kind, record = ours.recv()
    ours.close()
    first_end.close()
    assert (kind, record.key, record.status) == ("done", SPEC.key, "failed")
    assert record.message == "runs/sft: process 7 on far took it over"
    assert record.environment["world_size"] == 2
    assert record.summary == {"exit_code": ExitCode.FAILED}
