"""SIGINT and SIGTERM: heard in every phase of a command, which then ends with one line and the signal's exit code."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from benchbench.core.errors import StoppedBySignal

HEARD = (signal.SIGINT, signal.SIGTERM)


class Heard:
    """The signal that asked to stop, if one did."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._process = os.getpid()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """End what is being done where it is; a second signal ends the process as if nobody had listened."""
        signal.signal(number, signal.SIG_DFL)
        if os.getpid() != self._process:  # a process that a library forked, and ends
            os.kill(os.getpid(), number)
        self.number = number
        raise StoppedBySignal(number)

    def line(self) -> str:
        """For people."""
        assert self.number is not None, "nobody stopped it"
        return f"stopped by {signal.Signals(self.number).name}; the same command goes on from what is finished"


@contextmanager
def hearing() -> Iterator[Heard]:
    """Raise `StoppedBySignal` where a signal asks to stop while the block lasts; the scheduler listens for itself.

    A signal that the process was started to ignore stays ignored. Only the main thread hears signals; a command that
    another one runs is stopped by whoever runs it.
    """
    heard = Heard()
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    listened_to = [number for number in HEARD if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup may have it
    before = {number: signal.signal(number, heard.stop) for number in listened_to}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
