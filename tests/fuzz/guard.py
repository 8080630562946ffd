"""What every command line keeps, whatever it is given: checked while it runs, by the interpreter's own audit events."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from harness import Ended, bench

CODES = {0, 2, 3, 4, 5}
"""Documented exit codes, without that of a failure of the program itself."""
PRINTED = {3, 4, 5}
"""Of those, what a command says that has printed its result: a gate, or `bench verify` of what is damaged."""
CPU_SECONDS, HANG_SECONDS = 20.0, 600
"""Of one command line; the second ends one that waits."""
DEVICES = {os.devnull, "/dev/tty"}
"""Where anybody may write."""
MOST_CHARACTERS = 8000
"""Of a message."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = {
    "os.mkdir": 0,
    "os.rename": 1,
    "os.remove": 0,
    "os.rmdir": 0,
    "os.link": 1,
    "os.symlink": 1,
    "os.truncate": 0,
}
"""Event -> which of its arguments is the place that changes."""
_watching: list[tuple[Path, set[str]]] = []


def _hear(event: str, values: tuple[Any, ...]) -> None:
    """Note what is written outside the folder that is watched."""
    if not _watching:
        return
    if event == "open":
        path, mode, flags = values
        if isinstance(path, int) or not (flags & _WRITES if mode is None else {*mode} & set("wax+")):
            return
    elif event in _CHANGES:
        path = values[_CHANGES[event]]
    else:
        return
    if isinstance(path, str | bytes | os.PathLike):
        folder, outside = _watching[-1]
        place = os.path.realpath(os.path.join(os.getcwd(), os.fsdecode(path)))
        if (
            not place.startswith((f"{folder}{os.sep}", "/proc/"))
            and place not in DEVICES
            and "__pycache__" not in place
        ):
            outside.add(f"{event} {place}")


sys.addaudithook(_hear)


@contextmanager
def watched(folder: Path) -> Iterator[set[str]]:
    """The places outside a folder that are written while the block lasts."""
    outside: set[str] = set()
    _watching.append((folder.resolve(), outside))
    try:
        yield outside
    finally:
        _watching.pop()


@contextmanager
def _no_hang() -> Iterator[None]:
    def late(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still running after {HANG_SECONDS} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(HANG_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def behaves(folder: Path, *args: object) -> Ended:
    """Run a command line, and fail where it does not end as every one must; returns how it ended.

    Args:
        folder: the only place where it may write.
        args: its words.
    """
    begin = time.process_time()
    with watched(folder) as outside, _no_hang():
        ended = bench(*args)
    told = f"{args}\n{ended.err}"
    assert ended.code in CODES, f"exit code {ended.code} of {told}"
    assert "Traceback" not in ended.err, told
    has_printed = ended.code in PRINTED and ended.out.strip()
    assert ended.code == 0 or ended.err.strip() or has_printed, f"no message of {told}"
    assert len(ended.err) < MOST_CHARACTERS, told
    assert outside == set(), f"{sorted(outside)} written by {told}"
    assert time.process_time() - begin < CPU_SECONDS, told
    return ended
