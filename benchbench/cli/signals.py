"""SIGINT and SIGTERM: heard in every phase of a command, which then ends with one line and the signal's exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from benchbench.core.errors import StoppedBySignal

HEARD = (signal.SIGINT, signal.SIGTERM)
AGAIN_SECONDS = 0.001
"""After what time a stop is raised again that came where Python cannot let an exception out."""


class Heard:
    """The signal that asked to stop, if one did."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.ended = False
        """Whether what is heard now finds nothing left to end."""
        self._process = os.getpid()

    def stop(self, number: int, frame: FrameType | None) -> None:
        """End what is being done where it is; a second signal ends the process as if nobody had listened."""
        signal.signal(number, signal.SIG_DFL)
        if os.getpid() != self._process:  # a process that a library forked, and ends
            os.kill(os.getpid(), number)
        self.number = number
        self.stop_again(number, frame)

    def stop_again(self, number: int, frame: FrameType | None) -> None:
        """End what is being done where it is now, as the signal before asked for."""
        assert self.number is not None, "nobody stopped it"
        if not self.ended:
            raise StoppedBySignal(self.number)

    def line(self) -> str:
        """For people."""
        assert self.number is not None, "nobody stopped it"
        return f"stopped by {signal.Signals(self.number).name}; the same command goes on from what is finished"


@contextmanager
def hearing() -> Iterator[Heard]:
    """Raise `StoppedBySignal` where a signal asks to stop while the block lasts; the scheduler listens for itself.

    One that comes while an object is being collected, whose exceptions Python prints and drops, is raised again just
    after. A signal that the process was started to ignore stays ignored. Only the main thread hears signals; a command
    that another one runs is stopped by whoever runs it.
    """
    heard = Heard()
    if threading.current_thread() is not threading.main_thread():
        yield heard
        return
    before_lost = sys.unraisablehook

    def raise_again(lost: sys.UnraisableHookArgs) -> None:
        if isinstance(lost.exc_value, StoppedBySignal):
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
        else:
            before_lost(lost)

    listened_to = [number for number in HEARD if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup may have it
    before = {number: signal.signal(number, heard.stop) for number in listened_to}
    before[signal.SIGALRM] = signal.signal(signal.SIGALRM, heard.stop_again)
    sys.unraisablehook = raise_again
    try:
        yield heard
    finally:
        heard.ended = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = before_lost
        for number, handler in before.items():
            signal.signal(number, handler)
