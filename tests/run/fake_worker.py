"""A worker without torch: it answers with what its stage's title asks for, and says which device it has."""

from __future__ import annotations

import os
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

from benchbench.core.records import StageRecord, StageSpec
from benchbench.store.runs import RunStore

MOST_SECONDS = 240
"""How long a stage waits for what its settings say."""

HOLDING = "holding"
"""Folder below the root; where it is, a stage holds its device there, and finds out that another one does."""


def work(pipe: Connection, root: str, device: str, threads: int) -> None:
    """As `run.worker.work`.

    A stage whose settings say `die` ends the process; one that says `abort` does so when its record says `done`; one
    that says `meet` waits until so many stages are running; and `until_stopped` until it is asked to stop.
    """
    stops: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stops.append(number))
    store = RunStore(Path(root))
    while True:
        try:
            values, _, *part = pipe.recv()
            spec = StageSpec.from_json(values)
        except (EOFError, OSError):
            return
        record = store.begin(
            spec, {"device_kind": device.split(":")[0], "device": device, "threads": threads, "part": part}
        )
        (Path(root) / "running" / spec.fingerprint).write_text(device, encoding="utf-8")
        held = Path(root) / HOLDING / device
        if held.parent.is_dir():
            held.touch(exist_ok=False)
        pipe.send(("progress", {"key": spec.key, "title": spec.title, "pid": os.getpid()}))
        if spec.settings.get("die"):
            os._exit(9)
        deadline = time.monotonic() + MOST_SECONDS
        while len(list((Path(root) / "running").iterdir())) < spec.settings.get("meet", 0):
            if time.monotonic() > deadline:
                os._exit(3)
            time.sleep(0.01)
        while spec.settings.get("until_stopped") and not stops and time.monotonic() < deadline:
            time.sleep(0.01)
        held.unlink(missing_ok=True)
        status = "interrupted" if stops else "done"
        record = store.write(StageRecord(spec.key, status, record.environment, summary={"pid": os.getpid()}))
        if spec.settings.get("abort"):
            os._exit(134)
        pipe.send(("done", record))
