"""Limits for a chat template: a program of somebody else, which may loop, write without end, or raise anything.

transformers runs it in Jinja's sandbox, which keeps it from this machine; how long it runs and how much it writes is
limited here.
"""

from __future__ import annotations

import resource
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from benchbench.core.errors import BenchError

SECONDS = 10.0
"""For one conversation, which takes a ten-thousandth of that."""
MOST_CHARACTERS = 20_000_000
"""Of one conversation."""
MEMORY_BYTES = 2 << 30
"""Beside what the process has already."""


class _TookTooLongError(BaseException):
    """Not caught by a template's own means."""


@contextmanager
def template_limits(what: str) -> Iterator[None]:
    """Run a template within limits of time and memory, in the main thread of a process; elsewhere without.

    Args:
        what: is run, for the message.

    Raises:
        BenchError: it takes too long, needs too much memory, or raises.
    """
    try:
        if threading.current_thread() is threading.main_thread():
            with _alarm(), _memory():
                yield
        else:
            yield
    except BenchError:
        raise
    except _TookTooLongError:
        raise BenchError(f"{what}: expected a conversation within {SECONDS:g} s, it took longer") from None
    except MemoryError:
        raise BenchError(f"{what}: expected less than {MEMORY_BYTES >> 30} GiB of memory, it asks for more") from None
    except Exception as error:  # whatever somebody else's program raises
        words = " ".join(str(error).split())[:200]
        raise BenchError(f"{what}: it refuses a conversation ({words or type(error).__name__})") from None


def require_length(text: str, what: str) -> str:
    """The text that a template wrote.

    Raises:
        BenchError: it is longer than any conversation.
    """
    if len(text) > MOST_CHARACTERS:
        raise BenchError(f"{what}: expected at most {MOST_CHARACTERS} characters of a conversation, it writes more")
    return text


@contextmanager
def _alarm() -> Iterator[None]:
    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise _TookTooLongError

    before = signal.signal(signal.SIGALRM, ring)
    timer = signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _memory() -> Iterator[None]:
    """A lower limit of the process's address space, where the system says how much of it is taken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _address_space() + MEMORY_BYTES
    if limit <= MEMORY_BYTES or (soft != resource.RLIM_INFINITY and soft < limit):
        yield
        return
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _address_space() -> int:
    """Bytes of this process; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except (OSError, ValueError, IndexError):
        return 0
