"""Room of inputs: what a method's loss reads besides the policy, one file per need, found by file name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchbench.core import room

if TYPE_CHECKING:
    from benchbench.core.input import Input


def names() -> tuple[str, ...]:
    """Names of all inputs, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def get(name: str) -> Input:
    """The input of that name.

    Raises:
        BenchError: there is none; the message suggests the nearest.
    """
    return room.exhibit(sys.modules[__name__], name, kind="input", constant="INPUT")
