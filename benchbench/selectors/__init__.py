"""Room of selectors: which responses of a group become training rows; one file each, found by file name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchbench.core import room

if TYPE_CHECKING:
    from benchbench.core.selector import Selector


def names() -> tuple[str, ...]:
    """Names of all selectors, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def get(name: str) -> Selector:
    """The selector of that name.

    Raises:
        BenchError: there is none; the message suggests the nearest.
    """
    return room.exhibit(sys.modules[__name__], name, kind="selector", constant="SELECTOR")
