"""One stage is claimed, run and recorded; what an attempt leaves behind is in order whenever the process dies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from benchbench.core.records import StageRecord, StageSpec
from benchbench.stages import execute as execution
from benchbench.stages.context import Result, StageContext
from benchbench.store.runs import RunStore

SPEC = StageSpec("sft", "sft seed 1", {}, {}, {})
Work = Callable[[StageContext[Any]], Result]


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the package may catch it."""


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs")


@pytest.fixture
def run(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> Callable[..., StageRecord]:
    """Executes a stage whose work is the function given."""

    def execute(work: Work = lambda context: Result(10, {}), **more: Any) -> StageRecord:
        monkeypatch.setattr(execution, "read_spec", StageSpec.from_json)
        monkeypatch.setattr(execution, "runner", lambda kind: work)
        options = {"device": "cpu", "input_of": lambda name: None, **more}
        return execution.execute(options.pop("spec", SPEC), options.pop("store", store), **options)

    return execute


def leave_checkpoint(context: StageContext[Any]) -> Result:
    """Train to the end and leave the last checkpoint."""
    write_checkpoint(context.folder)
    return Result(10, {})


def write_checkpoint(folder: Path) -> Path:
    (folder / "checkpoint").mkdir(parents=True, exist_ok=True)
    return Path((folder / "checkpoint" / "state.safetensors").write_bytes(b"x") and folder / "checkpoint")


def test_a_checkpoint_outlives_everything_but_the_record_that_says_done(
    run: Callable[..., StageRecord], store: RunStore, monkeypatch: pytest.MonkeyPatch
):
    """The process dies when it is about to write `done`: the training is not lost with it."""
    write = RunStore.write

    def dying(self: RunStore, record: StageRecord) -> StageRecord:
        if record.status == "done":
            raise Killed
        return write(self, record)

    monkeypatch.setattr(RunStore, "write", dying)
    with pytest.raises(Killed):
        run(leave_checkpoint)
    assert (store.folder(SPEC.key) / "checkpoint").is_dir()
    monkeypatch.undo()


def test_a_finished_stage_has_no_checkpoint(run: Callable[..., StageRecord], store: RunStore):
    assert run(leave_checkpoint).status == "done"
    assert not (store.folder(SPEC.key) / "checkpoint").exists()


def test_what_a_process_left_that_died_after_it_wrote_done_goes(run: Callable[..., StageRecord], store: RunStore):
    done = run()
    write_checkpoint(store.folder(SPEC.key))
    assert run(lambda context: 1 / 0) == done
    assert not (store.folder(SPEC.key) / "checkpoint").exists()


def test_a_stage_that_was_stopped_or_failed_keeps_its_checkpoint(run: Callable[..., StageRecord], store: RunStore):
    def failing(context: StageContext[Any]) -> Result:
        leave_checkpoint(context)
        raise RuntimeError("no memory")

    record = run(failing)
    assert (record.status, "no memory" in record.message) == ("failed", True)
    assert (store.folder(SPEC.key) / "checkpoint").is_dir()


def test_a_stop_reaches_a_stage_that_waits_for_another_process(run: Callable[..., StageRecord], store: RunStore):
    """The other process runs the same stage, so its record is left as it is."""
    messages, report = heard()
    stops = iter([False, False, True])
    with store.claim(SPEC.key):
        others = store.begin(SPEC, {"device_kind": "cuda"})
        record = run(lambda context: 1 / 0, report=report, should_stop=lambda: next(stops))
        assert store.record(SPEC.key) == others
    assert (record.status, record.environment["device"]) == ("interrupted", "cpu")
    assert messages == ["waiting for another process, which runs this stage"]


def test_a_stage_that_another_process_finished_meanwhile_is_taken_as_it_is(
    run: Callable[..., StageRecord], store: RunStore, monkeypatch: pytest.MonkeyPatch
):
    claim = store.claim(SPEC.key)
    claim.__enter__()
    written = []

    def finishes_meanwhile() -> bool:
        if not written:
            written.append(store.write(StageRecord(SPEC.key, "done", {"device_kind": "cuda"})))
            claim.__exit__(None, None, None)
        return False

    assert run(lambda context: 1 / 0, should_stop=finishes_meanwhile) == written[0]


def heard() -> tuple[list[str], Callable[[Mapping[str, Any]], None]]:
    """A list of messages, and the report that fills it."""
    messages: list[str] = []
    return messages, lambda event: messages.append(str(event["message"])) if "message" in event else None
