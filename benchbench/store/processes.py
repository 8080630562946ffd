"""Which process of which machine somebody is, and what it was told to do; whether it still lives."""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path


class Life(Enum):
    """What is known of a process."""

    ALIVE = "alive"
    STOPPED = "stopped"
    """It is there, and does nothing: SIGSTOP, Ctrl-Z, a debugger."""
    GONE = "gone"
    UNKNOWN = "unknown"
    """It is of another machine, where numbers of processes mean others."""


@dataclass(frozen=True)
class ProcessName:
    """One process, also after its number was given to another."""

    host: str
    machine: str
    """As `machine` says it."""
    process: int
    started: int | None
    """Clock ticks after the machine's start; none where the system does not tell."""

    def __str__(self) -> str:
        return f"process {self.process} on {self.host}"


@dataclass(frozen=True)
class GivenCommand:
    """The command line that a process carries out."""

    line: str
    ended: ExitStack
    """What is to be undone when the command has ended, however it does."""
    planned: ExitStack
    """What is to be undone when the command has said what it planned, or has ended."""


_command: ContextVar[GivenCommand | None] = ContextVar("command", default=None)


@contextmanager
def given_command(line: str) -> Iterator[None]:
    """Let everything in the block know which command it is part of."""
    with ExitStack() as ended, ExitStack() as planned:
        before = _command.set(GivenCommand(line, ended, planned))
        try:
            yield
        finally:
            _command.reset(before)


def present_command() -> GivenCommand | None:
    """The command that this is part of; none where nobody said so."""
    return _command.get()


def this_process() -> ProcessName:
    """The name of the process that asks."""
    number = os.getpid()
    return ProcessName(platform.node() or "localhost", machine(), number, _state(number)[1])


def life_of(name: ProcessName) -> Life:
    """Whether a process lives, as far as this machine can tell."""
    if name.machine != machine():
        return Life.UNKNOWN
    if not is_process(name.process):
        return Life.GONE
    state, started = _state(name.process)
    if state in ("Z", "X") or (None not in (started, name.started) and started != name.started):
        return Life.GONE
    return Life.STOPPED if state in ("T", "t") else Life.ALIVE


def is_process(number: int) -> bool:
    """Whether there is a process of that number on this machine."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _state(number: int) -> tuple[str, int | None]:
    """Letter of a process's state and when it began, in ticks; unknown where there is no /proc."""
    try:
        words = Path(f"/proc/{number}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return words[0], int(words[19])
    except (OSError, IndexError, ValueError):
        return "", None


@cache
def machine() -> str:
    """Where a process number means this process: the host, since it was started, and the container's own numbers."""
    known = [platform.node()]
    with suppress(OSError):
        known.append(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii"))
    with suppress(OSError):
        known.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256("\n".join(known).encode()).hexdigest()[:8]
