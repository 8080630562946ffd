"""Errors that the user can mend, and the exit codes they end with.

Everything else that is raised is our own bug and keeps its traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Self


class Interrupted(Exception):
    """The run was asked to stop; what was done so far is on disk."""


class StoppedBySignal(BaseException):
    """A signal asked the command to stop; as with an interrupt of the keyboard, nothing takes it for an error.

    Args:
        number: of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class ExitCode(IntEnum):
    """What a shell or a CI job learns from how `bench` ended."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    GATE = 3
    INCOMPLETE = 4
    UNAVAILABLE = 5


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with what the user gave, and where."""

    where: str
    """Dotted key, file name or argument."""
    message: str
    """What was expected, what was found, what to do."""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


class BenchError(Exception):
    """A message for the user; printed without a traceback.

    Args:
        message: *where: what was expected, what was found; what to do.*
        exit_code: what `bench` ends with.
    """

    def __init__(self, message: str, *, exit_code: ExitCode = ExitCode.USAGE) -> None:
        super().__init__(message)
        self.exit_code = exit_code

    @property
    def status(self) -> int:
        """What the process ends with; 128 + signal where one ended it."""
        return int(self.exit_code)

    @classmethod
    def of_faults(cls, subject: str, faults: Sequence[Fault], *, exit_code: ExitCode = ExitCode.USAGE) -> Self:
        """All faults of one subject in one message, in the order found."""
        noun = "problem" if len(faults) == 1 else "problems"
        lines = [f"{subject}: {len(faults)} {noun}", *(f"  {fault}" for fault in faults)]
        return cls("\n".join(lines), exit_code=exit_code)


def suggestion(name: str, known: Iterable[str]) -> str:
    """The sentence " Did you mean 'x'?" for a near miss, else an empty text."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""


def unknown_name(kind: str, name: str, known: Iterable[str]) -> BenchError:
    """The error for a name that no exhibit of a room has."""
    names = sorted(known)
    return BenchError(f"unknown {kind} '{name}'.{suggestion(name, names)} Known: {', '.join(names)}.")
