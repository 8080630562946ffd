"""A worker process: runs stages one after another, tells the parent how they go, stops when asked or orphaned."""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchbench.core.imports import hide_from_transformers, own_this_process, without_collection

REPORT_SECONDS = 0.5
"""At most one progress message per so many seconds; the last of a stage always goes through."""


def work(pipe: Connection, root: str, device: str, threads: int, executor: str = "local") -> None:
    """Serve stages from the pipe until it closes.

    The parent sends stage specs as plain values, each with the engine that drew the run's other responses, how much of
    the device it may have, and whether other workers have parts of it, where no engine outlives its stage; the worker
    answers with ("progress", event) and ("done", record).
    SIGTERM asks for a checkpoint at the next step; SIGINT is the parent's business, since a terminal sends it to all.
    The engine that draws responses, if a stage opened one, ends with the worker.

    Args:
        pipe: to the parent.
        root: the `runs/` folder.
        device: this worker's own, to its end: `cpu` or `cuda:N`.
        threads: CPU threads.
        executor: what started it, for the records.
    """
    should_stop = begin_process(device, threads)
    from benchbench import inputs
    from benchbench.core.records import StageSpec
    from benchbench.generation.engine_cache import EngineCache
    from benchbench.stages.execute import execute
    from benchbench.store.runs import RunStore

    store = RunStore(Path(root))
    with EngineCache() as engines:
        while True:
            try:
                values, run_engine, devices, is_shared = pipe.recv()
            except (EOFError, OSError):
                return
            engines.pin(run_engine)
            record = execute(
                StageSpec.from_json(values),
                store,
                device=device,
                report=Throttled(pipe),
                should_stop=should_stop,
                engines=engines,
                input_of=inputs.get,
                executor=executor,
                device_share=devices,
            )
            if is_shared:
                engines.close()
            try:
                pipe.send(("done", record))
            except OSError:
                return


def begin_process(device: str, threads: int) -> Callable[[], bool]:
    """Make this process one that runs stages; returns what says whether to stop, by SIGTERM or for want of a parent.

    SIGTERM ends a process that is not yet one: it has no stage, and imports take seconds, on a busy machine a minute.

    Args:
        device: this process's own, to its end: `cpu` or `cuda:N`.
        threads: CPU threads.
    """
    stop: list[int] = []
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # one that waited since the start is ignored, too
    parent = os.getppid()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if threads > 1:  # a model too small for a second thread (`run.machine`) is 5% slower with huge pages
        # torch reads it at its first allocation: the logits of a large vocabulary on CPU take half the time then
        os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    with without_collection():
        _set_up_torch(device, threads)
        importlib.import_module("benchbench.stages.execute")
    signal.signal(signal.SIGTERM, lambda number, frame: stop.append(number))
    atexit.register(gc.freeze)  # else the interpreter looks through all that was imported before it ends: a second
    return lambda: bool(stop) or os.getppid() != parent


def _set_up_torch(device: str, threads: int) -> None:
    """Import what takes seconds, in the worker only, and tell torch of the worker's device and threads."""
    import torch
    from transformers.utils import logging

    own_this_process()
    hide_from_transformers()
    torch.set_num_threads(threads)
    if torch.device(device).type == "cuda":
        torch.cuda.set_device(device)  # so that what asks for `cuda` alone, such as a random state, means this card
    logging.set_verbosity_error()
    logging.disable_progress_bar()


class Throttled:
    """Sends progress to the parent, not more often than it can be read."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe = pipe
        self.last = 0.0

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Send an event, or leave it out."""
        now = time.monotonic()
        if "message" in event or now - self.last >= REPORT_SECONDS or event.get("step") == event.get("steps"):
            self.last = now if "step" in event else self.last
            with suppress(OSError):  # the parent is gone; should_stop sees it and leaves a checkpoint
                self.pipe.send(("progress", dict(event)))
