"""A worker process: runs stages one after another, tells the parent how they go, stops when asked or orphaned."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

REPORT_SECONDS = 0.5
"""At most one progress message per so many seconds; the last of a stage always goes through."""


def work(pipe: Connection, root: str, device: str, threads: int) -> None:
    """Serve stages from the pipe until it closes.

    The parent sends stage specs as plain values; the worker answers with ("progress", event) and ("done", record).
    SIGTERM asks for a checkpoint at the next step; SIGINT is the parent's business, since a terminal sends it to all.
    """
    stop: list[int] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: stop.append(number))
    parent = os.getppid()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    # torch reads it at its first allocation: with huge pages the logits of a large vocabulary on CPU take half the time
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    execute, store, spec_type, engines = _load(root, device, threads)
    with engines:
        while True:
            try:
                values = pipe.recv()
            except (EOFError, OSError):
                return
            record = execute(
                spec_type.from_json(values),
                store,
                device=device,
                report=_Throttled(pipe),
                should_stop=lambda: bool(stop) or os.getppid() != parent,
                engines=engines,
            )
            try:
                pipe.send(("done", record))
            except (BrokenPipeError, OSError):
                return


def _load(root: str, device: str, threads: int) -> tuple[Any, Any, Any, Any]:
    """Imports that take seconds, in the worker only; torch is told of the device and the threads."""
    import torch
    import transformers

    from benchbench.core.records import StageSpec
    from benchbench.generation.engine_cache import EngineCache
    from benchbench.stages.execute import execute
    from benchbench.store.runs import RunStore

    torch.set_num_threads(threads)
    if torch.device(device).type == "cuda":
        torch.cuda.set_device(device)  # what says `cuda` and no number means this card, too, such as random states
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return execute, RunStore(Path(root)), StageSpec, EngineCache()


class _Throttled:
    """Sends progress to the parent, not more often than it can be read."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.last = 0.0

    def __call__(self, event: Mapping[str, Any]) -> None:
        now = time.monotonic()
        if "message" in event or now - self.last >= REPORT_SECONDS or event.get("step") == event.get("steps"):
            self.last = now if "step" in event else self.last
            with suppress(OSError):  # the parent is gone; should_stop sees it and leaves a checkpoint
                self.pipe.send(("progress", dict(event)))
