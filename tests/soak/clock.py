"""Clocks that jump while a command runs: libfaketime, preloaded into every process, where it can be found.

The library answers whoever asks for the time of day, in C or Python, with the real one and an offset that stands in a
file, which is read at each question. Files get their times from the kernel, whose clock goes on as it did, as that of a
file server does when the clock of a machine is set.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from random import Random

VARIABLE = "BENCH_FAKETIME"
"""Environment variable that names the library."""
HOUR = 3600.0
MOST_HOURS = 48.0
"""Of a jump."""
FORWARDS, BACKWARDS = "forwards", "backwards"
_PRELOAD, _OFFSET = "LD_PRELOAD", "FAKETIME_TIMESTAMP_FILE"
_PACKAGE = "vendor/libfaketime/src/libfaketime.so.1"
_SYSTEM = ("/usr/lib", "/usr/local/lib")
_AS_A_CLOCK_IS_SET: Mapping[str, str] = {
    "FAKETIME_NO_CACHE": "1",
    "DONT_FAKE_MONOTONIC": "1",
    "NO_FAKE_STAT": "1",
    "FAKE_UTIME": "0",
}
"""Nobody sets a monotonic clock, and files have the kernel's times."""


class ClockError(Exception):
    """A library that was named is not there, or does not what it should."""


def library() -> Path | None:
    """The library that the environment names, or that of an installed package; none where there is none.

    Raises:
        ClockError: the environment names one that is not there.
    """
    if named := os.environ.get(VARIABLE):
        if not Path(named).is_file():
            raise ClockError(f"{VARIABLE}: expected the path of libfaketime.so.1, found {named}, which is no file")
        return Path(named).resolve()
    spec = find_spec("libfaketime")
    places = [Path(place) / _PACKAGE for place in (spec.submodule_search_locations or ())] if spec else []
    places += [path for place in _SYSTEM for path in sorted(Path(place).glob("**/faketime/libfaketime.so.1"))]
    return next((place.resolve() for place in places if place.is_file()), None)


def environment_with(preload: Path, offset: Path) -> dict[str, str]:
    """The environment of a process whose clock says `offset`, a file that need not be there yet."""
    return {**os.environ, **_AS_A_CLOCK_IS_SET, _PRELOAD: str(preload), _OFFSET: str(offset)}


def is_preloaded() -> bool:
    """Whether the clock of this process can jump."""
    preload = os.environ.get(_PRELOAD, "") if _OFFSET in os.environ else ""
    return preload != "" and preload in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")


def start_again_with(preload: Path, arguments: list[str]) -> None:
    """Become `python -m tests.soak` with the library in it: what is forked has it then, too.

    Raises:
        ClockError: this process was started so, and has it not.
    """
    if _OFFSET in os.environ:
        raise ClockError(f"{preload}: expected a library that can be preloaded, found that the linker left it out")
    line = [sys.executable, "-m", "tests.soak", *arguments]
    os.execve(sys.executable, line, environment_with(preload, Path(os.devnull)))


class JumpingClock:
    """The clock of one command and its workers."""

    def __init__(self, file: Path, random: Random) -> None:
        """`file` is where its offset stands."""
        self._file, self._random, self._offset = file, random, 0.0
        self._write()

    def jump(self) -> str:
        """Set it forwards or backwards by up to two days; which of the two."""
        where = self._random.choice((FORWARDS, BACKWARDS))
        hours = self._random.uniform(0.5, MOST_HOURS)
        self._offset += hours * HOUR if where == FORWARDS else -hours * HOUR
        self._write()
        return where

    def enter(self) -> None:
        """Have this process, which was forked, and all that it starts read this clock."""
        os.environ[_OFFSET] = str(self._file)

    def environment(self) -> dict[str, str]:
        """Of a program that reads this clock."""
        return {**os.environ, _OFFSET: str(self._file)}

    def _write(self) -> None:
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{self._offset:+.3f}\n", encoding="ascii")
        draft.replace(self._file)
