"""Room of samplers: which models draw how many responses to a prompt; one file each, found by file name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchbench.core import room

if TYPE_CHECKING:
    from benchbench.core.sampler import Sampler


def names() -> tuple[str, ...]:
    """Names of all samplers, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def get(name: str) -> Sampler:
    """The sampler of that name.

    Raises:
        BenchError: there is none; the message suggests the nearest.
    """
    return room.exhibit(sys.modules[__name__], name, kind="sampler", constant="SAMPLER")
