"""Room of imports: one file per format of another project's results, found by file name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchbench.core import room

if TYPE_CHECKING:
    from benchbench.core.imported import Import


def names() -> tuple[str, ...]:
    """Names of all imports, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def get(name: str) -> Import:
    """The import of that name.

    Raises:
        BenchError: there is none; the message suggests the nearest.
    """
    return room.exhibit(sys.modules[__name__], name, kind="import format", constant="IMPORT")
