"""A worker's loop in this process: what it answers, on which device, and that its engine ends with it."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from benchbench.core.records import StageSpec
from benchbench.generation import engine_cache
from benchbench.run import worker
from benchbench.run.local import start_without_interrupts
from benchbench.run.worker import REPORT_SECONDS, Throttled, begin_process, work
from benchbench.stages import execute as execution
from benchbench.store.runs import RunStore

BROKEN = StageSpec("sft", "broken", {"model": {}}, {}, {})
"""A stage without the settings that it needs."""


@pytest.fixture
def caches(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[engine_cache.EngineCache]]:
    """Every cache that was closed; the process is put back as it was before the worker set it up."""
    closed: list[engine_cache.EngineCache] = []

    class Recorded(engine_cache.EngineCache):
        def close(self) -> None:
            closed.append(self)
            super().close()

    monkeypatch.setattr(engine_cache, "EngineCache", Recorded)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    variables = dict(os.environ)
    yield closed
    os.environ.clear()
    os.environ.update(variables)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def served(
    root: Path, *specs: StageSpec, run_engine: str | None = None, is_shared: bool = False
) -> list[tuple[str, object]]:
    """What a worker on the CPU answers to these stages, until its pipe closes."""
    ours, workers_end = Pipe()
    for spec in specs:
        ours.send((spec.as_json(), run_engine, 0.5 if is_shared else 1, is_shared))
    _close_writing_end(ours)
    work(workers_end, str(root), "cpu", 1)
    workers_end.close()
    answers = []
    while True:
        try:
            answers.append(ours.recv())
        except EOFError:
            return answers


def _close_writing_end(connection: Connection) -> None:
    """So that the other side reads what was sent and then the end."""
    import socket

    with socket.socket(fileno=os.dup(connection.fileno())) as half:
        half.shutdown(socket.SHUT_WR)


def test_it_answers_every_stage_with_its_record_and_closes_its_engine(tmp_path: Path, caches: list):
    other = StageSpec("sft", "other", {"model": {"other": 1}}, {}, {})
    answers = served(tmp_path, BROKEN, other)
    store = RunStore(tmp_path)
    assert answers == [("done", store.record(BROKEN.key)), ("done", store.record(other.key))]
    assert store.record(BROKEN.key).environment["device"] == "cpu"
    assert len(caches) == 1


def test_all_stages_of_a_worker_have_one_cache(tmp_path: Path, caches: list, monkeypatch: pytest.MonkeyPatch):
    """An engine is started once for a grid."""
    seen = []
    run = execution._run
    monkeypatch.setattr(execution, "_run", lambda context, record: seen.append(context.engines) or run(context, record))
    served(tmp_path, BROKEN, StageSpec("sft", "other", {}, {}, {}))
    assert len(seen) == 2
    assert seen[0] is seen[1]
    assert caches == [seen[0]]


def test_the_engine_of_the_run_is_told_to_the_cache(tmp_path: Path, caches: list, monkeypatch: pytest.MonkeyPatch):
    pinned = []
    monkeypatch.setattr(engine_cache.EngineCache, "pin", lambda self, engine: pinned.append(engine))
    served(tmp_path, BROKEN, run_engine="vllm")
    assert pinned == ["vllm"]


def test_where_others_have_parts_of_the_card_no_engine_outlives_its_stage(tmp_path: Path, caches: list):
    """What it holds would be missing to a stage that has the whole card meanwhile."""
    answers = served(tmp_path, BROKEN, BROKEN, is_shared=True)
    assert [record.environment["device_share"] for _, record in answers] == [0.5, 0.5]
    assert len(caches) == 3, "after each stage, and with the worker"


def test_the_engine_ends_where_the_worker_breaks(tmp_path: Path, caches: list, monkeypatch: pytest.MonkeyPatch):
    def breaking(*args: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(execution, "execute", breaking)
    with pytest.raises(KeyboardInterrupt):
        served(tmp_path, BROKEN)
    assert len(caches) == 1


def test_a_request_to_stop_ends_a_worker_that_is_still_importing(caches: list, monkeypatch: pytest.MonkeyPatch):
    """It has no stage yet; once it may have one, it hears the request and leaves a checkpoint."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    heard: list[object] = []
    monkeypatch.setattr(worker, "_set_up_torch", lambda *_: heard.append(signal.getsignal(signal.SIGTERM)))
    should_stop = worker.begin_process("cpu", 1)
    assert heard == [signal.SIG_DFL] and not should_stop()
    os.kill(os.getpid(), signal.SIGTERM)
    assert should_stop()


def test_progress_is_thinned_but_messages_and_the_last_step_always_come():
    reader, writer = Pipe(duplex=False)
    report = Throttled(writer)
    for step in range(1, 51):
        report({"step": step, "steps": 50})
    report({"message": "for people"})
    writer.close()
    events = []
    while reader.poll():
        try:
            events.append(reader.recv()[1])
        except EOFError:
            break
    steps = [event["step"] for event in events if "step" in event]
    assert steps[0] == 1
    assert steps[-1] == 50
    assert len(steps) <= 2 + 1 / REPORT_SECONDS
    assert events[-1] == {"message": "for people"}


def test_a_parent_that_is_gone_does_not_stop_the_stage_before_its_checkpoint():
    reader, writer = Pipe(duplex=False)
    reader.close()
    Throttled(writer)({"message": "nobody reads this"})


def test_an_interrupt_waits_for_a_worker_that_has_just_started():
    process = get_context("spawn").Process(target=time.sleep, args=(60,), daemon=True)
    start_without_interrupts(process)
    blocked = re.search(r"^SigBlk:\s*(\w+)$", Path(f"/proc/{process.pid}/status").read_text("ascii"), re.MULTILINE)
    process.kill()
    assert blocked is not None and int(blocked[1], 16) == 1 << signal.SIGINT - 1
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    process.join()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        begin_process("cpu", 1)
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
