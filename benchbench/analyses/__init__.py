"""Room of analyses: one file per published study, found by file name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchbench.core import room

if TYPE_CHECKING:
    from benchbench.core.analysis import Analysis


def names() -> tuple[str, ...]:
    """Names of all analyses, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def get(name: str) -> Analysis:
    """The analysis of that name.

    Raises:
        BenchError: there is none; the message suggests the nearest.
    """
    return room.exhibit(sys.modules[__name__], name, kind="analysis", constant="ANALYSIS")
