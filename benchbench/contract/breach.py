"""Breach: one promise that a method does not keep, in words that say how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from benchbench.core.method import Method


@dataclass(frozen=True)
class Breach:
    """What was expected of a method, what it does, and what to do."""

    expected: str
    observed: str
    remedy: str

    def __str__(self) -> str:
        return f"expected {self.expected}, found {self.observed}; {self.remedy}"


Check = Callable[[Method, Any], Iterator[Breach]]
"""(method, hyper-parameters) -> the breaches of one promise; none where it is kept."""


def numbers(values: Any) -> str:
    """The first few numbers of a tensor, for a message."""
    flat = values.detach().flatten().tolist()
    shown = ", ".join(f"{value:.6g}" for value in flat[:4])
    return f"[{shown}{', ...' if len(flat) > 4 else ''}]"
