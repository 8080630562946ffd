"""Room of oracles: what scores or compares drawn responses; one file each, found by file name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchbench.core import room

if TYPE_CHECKING:
    from benchbench.core.oracle import Oracle


def names() -> tuple[str, ...]:
    """Names of all oracles, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def get(name: str) -> Oracle:
    """The oracle of that name.

    Raises:
        BenchError: there is none; the message suggests the nearest.
    """
    return room.exhibit(sys.modules[__name__], name, kind="oracle", constant="ORACLE")
