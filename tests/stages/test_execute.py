"""One stage is claimed, run and recorded; what an attempt leaves behind is in order whenever the process dies."""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from benchbench.core.errors import Interrupted
from benchbench.core.records import StageRecord, StageSpec
from benchbench.generation.choose import EngineChoice
from benchbench.generation.engine_cache import EngineCache
from benchbench.generation.engine_settings import EngineSettings
from benchbench.stages import execute as execution
from benchbench.stages import resumption
from benchbench.stages.context import Result, StageContext
from benchbench.stages.memory import MemoryWatch
from benchbench.store.files import json_or_none
from benchbench.store.runs import RunStore
from benchbench.training.checkpoint import Position, position_of, save_checkpoint

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


def test_a_full_disk_fails_a_stage_in_words_whichever_library_finds_it(
    run: Callable[..., StageRecord], store: RunStore
):
    def failing(context: StageContext[Any]) -> Result:
        raise RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")

    record = run(failing)
    assert record.status == "failed" and record.summary == {"exit_code": 5} and record == store.record(SPEC.key)
    assert record.message.startswith(
        f"{store.folder(SPEC.key)}: the disk is full; make room, and run the command again"
    )


def test_a_stage_whose_record_finds_no_room_has_failed_in_words(
    run: Callable[..., StageRecord], store: RunStore, no_room: None
):
    record = run()
    assert record.status == "failed" and record.summary == {"exit_code": 5} and store.record(SPEC.key) is None
    assert (
        record.message.startswith(f"{store.root / 'leases'}")
        and "the file would be larger than is allowed" in record.message
    )


def test_a_stop_reaches_a_stage_that_waits_for_another_process(run: Callable[..., StageRecord], store: RunStore):
    """The other process runs the same stage, so its record is left as it is."""
    messages, report = heard()
    stops = iter([False, False, True])
    with store.claim(SPEC.key):
        others = store.begin(SPEC, {"device_kind": "cuda"})
        record = run(lambda context: 1 / 0, report=report, should_stop=lambda: next(stops))
        assert store.record(SPEC.key) == others
    assert (record.status, record.environment["device"]) == ("interrupted", "cpu")
    assert len(messages) == 1 and messages[0].startswith(f"waits for process {os.getpid()} on ")


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


def test_a_stage_that_was_taken_over_is_waited_for_and_nothing_of_it_is_written(
    run: Callable[..., StageRecord], store: RunStore
):
    """It gave no sign of life in the middle of its work, another process followed and finished it; then it goes on."""
    messages, report = heard()
    elsewhere = RunStore(store.root.parent / "elsewhere")
    done = elsewhere.write(StageRecord(SPEC.key, "done", {"device_kind": "cuda"}))
    lease = store.root / "leases" / SPEC.key.replace("/", "-")

    def stopped_for_long(context: StageContext[Any]) -> Result:
        draft = lease.with_name("draft")
        draft.write_text(lease.read_text().replace('"token": "', '"token": "another'))
        os.utime(draft, (0, 0))  # the other one has let go by now
        draft.replace(lease)
        shutil.copyfile(elsewhere.folder(SPEC.key) / "status.json", context.folder / "status.json")
        return Result(99, {})

    assert run(stopped_for_long, report=report) == done == store.record(SPEC.key)
    assert "took it over while this process gave no sign of life" in messages[0]


def test_a_stage_that_does_not_fit_in_its_part_of_a_card_says_so(
    run: Callable[..., StageRecord], monkeypatch: pytest.MonkeyPatch
):
    limits: list[tuple[str, float]] = []
    monkeypatch.setattr(execution, "limit_memory", lambda device, share: limits.append((device, share)))

    def too_large(context: StageContext[Any]) -> Result:
        raise torch.OutOfMemoryError(f"CUDA out of memory; whole: {context.has_whole_device}")

    record = run(too_large, device_share=0.25)
    assert record.status == "failed"
    assert record.message == (
        f"{SPEC.title}: expected room in 0.25 of cpu, ran out of memory (CUDA out of memory; whole: False); give "
        "larger parts with --device-share, or leave it out"
    )
    assert record.environment["device_share"] == 0.25
    assert "Traceback" in run(too_large).message
    assert limits == [("cpu", 0.25), ("cpu", 1.0)]


def interrupted(context: StageContext[Any]) -> Result:
    """Leave a checkpoint after 7 seconds of training, and stop."""
    save_checkpoint(context.folder / "checkpoint", *toy(), Position(step=3, tokens=30, seconds=7.0))
    raise Interrupted


def toy() -> tuple[torch.nn.Module, torch.optim.Optimizer]:
    model = torch.nn.Linear(2, 2)
    return model, torch.optim.AdamW(model.parameters())


def on(device_kind: str, monkeypatch: pytest.MonkeyPatch, **more: str) -> None:
    """Pretend to run on such a device."""
    facts = {"device_kind": device_kind, **more}
    monkeypatch.setattr(execution, "environment", lambda device, **more: facts)
    monkeypatch.setattr(execution, "watch_memory", lambda device: MemoryWatch("cpu", forgot=False))


def has_checkpoint(context: StageContext[Any]) -> Result:
    return Result(10, {"resumed": (context.folder / "checkpoint" / "state.safetensors").is_file()})


def test_a_resumed_stage_keeps_the_environments_of_the_attempts_before(
    run: Callable[..., StageRecord], store: RunStore, monkeypatch: pytest.MonkeyPatch
):
    """Another card and another torch may move numbers, so the record says that part of the training had them."""
    for torch_version in ("2.11", "2.12"):
        on("cuda", monkeypatch, torch=torch_version)
        run(interrupted)
    on("cuda", monkeypatch, torch="2.13")
    record = run(has_checkpoint)
    assert (record.status, record.summary["resumed"]) == ("done", True)
    assert record.environment == {"device_kind": "cuda", "torch": "2.13"}
    assert [one["torch"] for one in record.resumed_environments] == ["2.11", "2.12"]
    assert store.record(SPEC.key) == record


def test_a_stage_that_starts_over_says_nothing_of_the_attempts_before(
    run: Callable[..., StageRecord], monkeypatch: pytest.MonkeyPatch
):
    on("cuda", monkeypatch)
    run(lambda context: 1 / 0)
    record = run(has_checkpoint)
    assert (record.attempts, record.summary["resumed"], list(record.resumed_environments)) == (2, False, [])


def test_a_checkpoint_of_another_kind_of_device_is_discarded_in_words(
    run: Callable[..., StageRecord], monkeypatch: pytest.MonkeyPatch
):
    messages, report = heard()
    on("cuda", monkeypatch)
    run(interrupted)
    on("cpu", monkeypatch)
    record = run(has_checkpoint, report=report)
    assert (record.summary["resumed"], list(record.resumed_environments)) == (False, [])
    assert messages == [
        "starts anew: expected a checkpoint of a training on cpu, found one of a training on cuda, which is discarded"
    ]


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"half"])
def test_a_damaged_checkpoint_is_discarded_in_words(
    run: Callable[..., StageRecord], store: RunStore, monkeypatch: pytest.MonkeyPatch, content: bytes
):
    messages, report = heard()
    on("cpu", monkeypatch)
    run(interrupted)
    path = store.folder(SPEC.key) / "checkpoint" / "state.safetensors"
    path.write_bytes(path.read_bytes()[:-10] if content == b"half" else content)
    assert run(has_checkpoint, report=report).summary["resumed"] is False
    (message, anew) = messages
    assert message.startswith(f"{path}: expected a checkpoint, found a damaged file (")
    assert message.endswith("); it is set aside as state.safetensors.damaged")
    assert anew == "starts anew: no other checkpoint is there"


def test_what_was_set_aside_of_a_checkpoint_stays_until_the_stage_is_done_and_each_is_read_once(
    run: Callable[..., StageRecord], store: RunStore, monkeypatch: pytest.MonkeyPatch
):
    on("cpu", monkeypatch)
    run(interrupted)
    reads, folder = list[Path](), store.folder(SPEC.key) / "checkpoint"

    def reading(path: Path) -> Position:
        reads.append(path)
        return position_of(path)

    monkeypatch.setattr(resumption, "position_of", reading)
    (folder / "state.safetensors").write_bytes(b"half")

    def stopped(context: StageContext[Any]) -> Result:
        raise Interrupted

    assert run(stopped).status == "interrupted"
    assert [path.name for path in folder.iterdir()] == ["state.safetensors.damaged"]
    assert run(interrupted).status == "interrupted"
    assert reads == [folder / "state.safetensors"]
    assert run(has_checkpoint).summary["resumed"] is True
    assert len(reads) == 2 and not folder.exists()


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"key": 1}', '{"key": "a", "status": "done", "x": 1}'])
def test_a_damaged_record_is_none_and_the_stage_runs_anew_in_words(
    run: Callable[..., StageRecord], store: RunStore, monkeypatch: pytest.MonkeyPatch, content: str
):
    """Nothing says on what device its checkpoint was made."""
    messages, report = heard()
    on("cpu", monkeypatch)
    run(interrupted)
    path = store.folder(SPEC.key) / "status.json"
    path.write_text(content)
    assert store.record(SPEC.key) is None
    assert run(has_checkpoint, report=report).summary["resumed"] is False
    said = f"starts anew: expected a record, found a damaged file: {path}, which is set aside as status.json.damaged"
    assert messages == [said] and path.with_name("status.json.damaged").read_text() == content


def test_seconds_of_a_killed_attempt_count_as_far_as_its_checkpoint(
    run: Callable[..., StageRecord], monkeypatch: pytest.MonkeyPatch
):
    """The first attempt was killed after 7 seconds in the checkpoint, whose tokens count too; the second took 1."""
    on("cpu", monkeypatch)
    seconds = iter([100.0, 200.0, 201.0])
    monkeypatch.setattr(execution.time, "monotonic", lambda: next(seconds))

    def killed(context: StageContext[Any]) -> Result:
        with suppress(Interrupted):
            interrupted(context)
        raise Killed

    with pytest.raises(Killed):
        run(killed)
    assert run(has_checkpoint).seconds == 8.0


def test_seconds_of_an_attempt_that_was_stopped_count_once(
    run: Callable[..., StageRecord], monkeypatch: pytest.MonkeyPatch
):
    """The record has 9 seconds, 7 of them in the checkpoint too; the second attempt took 1."""
    on("cpu", monkeypatch)
    seconds = iter([100.0, 109.0, 200.0, 201.0])
    monkeypatch.setattr(execution.time, "monotonic", lambda: next(seconds))
    run(interrupted)
    assert run(has_checkpoint).seconds == 10.0


class Model:
    """Something large that refers to itself, so that only a collection frees it."""

    def __init__(self) -> None:
        self.itself = self


@pytest.mark.parametrize("fails", [False, True])
def test_memory_of_the_card_is_given_back_at_the_end_of_each_stage(
    run: Callable[..., StageRecord], monkeypatch: pytest.MonkeyPatch, fails: bool
):
    """What a stage made is gone when the cache is emptied, were it in a circle or held by a traceback."""
    on("cuda", monkeypatch)
    models: list[weakref.ref[Model]] = []
    alive: list[bool] = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: alive.append(models[0]() is not None))

    def work(context: StageContext[Any]) -> Result:
        model = Model()
        models.append(weakref.ref(model))
        return Result(10 // (not fails), {})

    assert run(work, device="cuda:0").status == ("failed" if fails else "done")
    assert alive == [False]


def test_on_the_cpu_no_card_is_touched(run: Callable[..., StageRecord], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: 1 / 0)
    assert run().status == "done"


@pytest.mark.parametrize(
    ("kind", "device", "closed"),
    [("sft", "cuda:1", 1), ("score", "cuda", 1), ("generate", "cuda:1", 0), ("sft", "cpu", 0)],
)
def test_an_open_engine_leaves_the_card_to_stages_that_draw_nothing(
    run: Callable[..., StageRecord], monkeypatch: pytest.MonkeyPatch, kind: str, device: str, closed: int
):
    """On the CPU it stays, since starting it takes longer than its memory is worth."""
    on(device.partition(":")[0], monkeypatch)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    engine = OpenEngine()
    cache = EngineCache(lambda choice, settings, *, log=None: engine)
    cache.engine(EngineChoice("vllm", "toy"), EngineSettings())
    seen: list[int] = []
    spec = StageSpec(kind, "a stage", {}, {}, {})
    run(lambda context: seen.append(engine.closed) or Result(1, {}), spec=spec, device=device, engines=cache)
    assert seen == [closed]


class OpenEngine:
    """An engine that counts how often it was closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1


def heard() -> tuple[list[str], Callable[[Mapping[str, Any]], None]]:
    """A list of messages, and the report that fills it."""
    messages: list[str] = []
    return messages, lambda event: messages.append(str(event["message"])) if "message" in event else None


def test_a_long_stage_notes_how_far_it_is_until_it_is_finished(
    run: Callable[..., StageRecord], store: RunStore, monkeypatch: pytest.MonkeyPatch
):
    """At most every few seconds; a stage that is over before leaves no note, and a finished one neither."""
    noted, reported = [], []

    def work(context: StageContext[Any]) -> Result:
        for step in (1, 2):
            context.report({"step": step, "steps": 4, "tokens": step})
            noted.append(json_or_none(context.folder / "progress.json"))
        context.report({"message": "of no step"})
        return Result(10, {})

    run(work, report=reported.append)
    assert noted == [None, None] and [event.get("step") for event in reported] == [1, 2, None]
    monkeypatch.setattr(execution, "HEARTBEAT_SECONDS", 0.0)
    run(work, spec=replace(SPEC, settings={"seed": 2}))
    assert noted[2:] == [{"step": 1, "steps": 4}, {"step": 2, "steps": 4}]
    assert list(store.root.rglob("progress.json")) == []
