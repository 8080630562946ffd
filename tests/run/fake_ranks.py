"""Processes of a group without torch: they answer with what their stage's title asks for."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

from benchbench.core.records import StageRecord, StageSpec
from benchbench.store.runs import RunStore


def work_together(
    pipe: Connection, root: str, device: str, threads: int, number: int, world: int, meeting: str, shards: bool
) -> None:
    """As `run.ranked.work_together`.

    A stage's settings say which process ends (`dies`), which one fails (`fails`), and whether the first one fails, too
    (`first`), once the others have (`late`); otherwise the first waits until the others have followed.
    """
    store = RunStore(Path(root))
    folder = Path(meeting).parent
    while True:
        try:
            said = pipe.recv()
        except (EOFError, OSError):
            return
        values, processes = (said[0], said[2]) if number == 0 else (said, world)
        spec = StageSpec.from_json(values)
        (folder / f"{spec.fingerprint}-{number}").write_text(device)
        if number:
            if spec.settings.get("dies") == number:
                os._exit(9)
            pipe.send(("fault", "no such file") if spec.settings.get("fails") == number else ("followed", ""))
            continue
        record = store.begin(spec, {"device_kind": "cpu", "device": device, "threads": threads})
        pipe.send(("progress", {"key": spec.key, "title": spec.title, "step": 1, "steps": 2}))
        if processes > 1:
            pipe.send(("begin", values))
        if spec.settings.get("dies") == 0:
            os._exit(9)
        if spec.settings.get("dies") is not None or (spec.settings.get("fails") and not spec.settings.get("first")):
            time.sleep(30)  # as in a sum that one of them never gives its share to
        if spec.settings.get("late"):
            while not all((folder / f"{spec.fingerprint}-{other}").exists() for other in range(world)):
                time.sleep(0.01)
            time.sleep(0.1)  # what they say comes first
        status, summary = "done", {"pid": os.getpid(), "processes": processes}
        if number == 0 and said[3]:
            summary["spread"] = said[3]
        if spec.settings.get("first"):
            status, summary = "failed", spec.settings.get("summary", {"exit_code": 2})
        pipe.send(("done", store.write(StageRecord(spec.key, status, record.environment, summary=summary))))
