"""Where processes of a command hold still: at a write, counted in memory that they share with who kills them."""

from __future__ import annotations

import mmap
import os
import select
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

ANYONE, COMMAND, WORKER = "anyone", "command", "worker"
SYNC, BEFORE, AFTER = "a draft is written", "before it takes its name", "after it took its name"
OPERATIONS = (SYNC, BEFORE, AFTER)
ROLES = (ANYONE, COMMAND, WORKER)
_LAYOUT = struct.Struct("<iiid64s")
"""Role, operation, writes to go, seconds by which the clock is off, part of the path."""


@dataclass(frozen=True)
class Moment:
    """A write of some process."""

    role: str
    operation: str
    place: str
    """Part of the path that is written; empty for every one."""
    count: int
    """Which of these writes, from 1."""


class Trap:
    """Armed by who kills, asked by every process of a command at each of its writes.

    A process that meets the moment says its number and waits, so that a signal finds it there; it goes on when it is
    let go, or when who armed the trap is gone.
    """

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _LAYOUT.size)
        self._met, self._meets = os.pipe()
        self._lets_go, self._go = os.pipe()
        self._role = ANYONE

    # --- who kills ---

    def arm(self, moment: Moment | None) -> None:
        """Wait for a moment, or for none."""
        clock = self._values()[3]
        role, operation, count, place = -1, 0, 0, ""
        if moment is not None:
            role, operation = ROLES.index(moment.role), OPERATIONS.index(moment.operation)
            count, place = moment.count, moment.place
        self._memory[:] = _LAYOUT.pack(role, operation, count, clock, place.encode())

    def move_clock(self, seconds: float) -> None:
        """Have every process of the command read another time of day from now on."""
        role, operation, count, _, place = self._values()
        self._memory[:] = _LAYOUT.pack(role, operation, count, seconds, place)

    def met(self, seconds: float) -> int | None:
        """The number of the process that holds still at the moment; none after so many seconds without one."""
        ready, _, _ = select.select([self._met], [], [], seconds)
        return struct.unpack("<i", os.read(self._met, 4))[0] if ready else None

    def let_go(self) -> None:
        """Have the process that holds still go on."""
        os.write(self._go, b"g")

    def close(self) -> None:
        """Disarm, and have whoever holds still go on."""
        self.arm(None)
        for handle in (self._met, self._meets, self._lets_go, self._go):
            os.close(handle)

    # --- processes of the command ---

    def handles(self) -> set[int]:
        """What a process that is forked must not close."""
        return {self._meets, self._lets_go}

    def enter(self, role: str) -> None:
        """Have this process look at the trap at each of its writes, and wait for no disk."""
        first, self._role = self._role == ANYONE, role
        if not first:
            return
        os.close(self._met)
        os.close(self._go)
        os.fsync = lambda handle: self._look(SYNC, _path_of(handle))
        os.rename, os.replace = self._renaming(os.rename), self._renaming(os.replace)
        real = time.time
        time.time = lambda: real() + self._values()[3]

    def _renaming(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def rename(source: Any, target: Any, **options: Any) -> None:
            self._look(BEFORE, os.fspath(target))
            real(source, target, **options)
            self._look(AFTER, os.fspath(target))

        return rename

    def _look(self, operation: str, path: str) -> None:
        role, awaited, count, clock, place = self._values()
        if role < 0 or ROLES[role] not in (ANYONE, self._role) or OPERATIONS[awaited] != operation:
            return
        if (part := place.rstrip(b"\0").decode()) and part not in path:
            return
        self._memory[:] = _LAYOUT.pack(role if count > 1 else -1, awaited, count - 1, clock, place)
        if count == 1:
            os.write(self._meets, struct.pack("<i", os.getpid()))
            os.read(self._lets_go, 1)

    def _values(self) -> tuple[int, int, int, float, bytes]:
        return _LAYOUT.unpack(self._memory[:])


def _path_of(handle: int) -> str:
    """The file that a number stands for."""
    return os.readlink(f"/proc/self/fd/{handle}")
