"""Locks between processes; each goes with the process that holds it, so a killed one never blocks the next."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

TURN_SECONDS = 0.5
"""Between two looks at whether another process has let go."""


@contextmanager
def turn(path: Path, should_stop: Callable[[], bool], waiting: Callable[[], None]) -> Iterator[bool]:
    """Be the one process that holds a lock while the block lasts.

    Args:
        path: of the lock, an empty file.
        should_stop: looked at twice a second while another process holds it.
        waiting: called once before a wait.

    Yields:
        Whether the turn came; not where it was to stop.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        is_told = False
        while not _try_lock(file.fileno()):
            if should_stop():
                yield False
                return
            if not is_told:
                waiting()
                is_told = True
            time.sleep(TURN_SECONDS)
        yield True


def is_taken(path: Path) -> bool:
    """Whether a process of this machine holds a lock.

    It is tried with a lock that readers share, which is gone at once: who wants the turn in that moment waits for the
    next look.
    """
    try:
        with path.open("rb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _try_lock(handle: int) -> bool:
    """Whether a file could be locked at once."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
