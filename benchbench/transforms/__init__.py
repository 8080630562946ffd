"""Room of transforms: examples in, examples out, one file each, found by file name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchbench.core import room

if TYPE_CHECKING:
    from benchbench.core.transform import Transform


def names() -> tuple[str, ...]:
    """Names of all transforms, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def get(name: str) -> Transform:
    """The transform of that name.

    Raises:
        BenchError: there is none; the message suggests the nearest.
    """
    return room.exhibit(sys.modules[__name__], name, kind="transform", constant="TRANSFORM")


def making(what: str) -> tuple[str, ...]:
    """Names of the transforms that make a column, a role or spans of that name, sorted; empty where none does."""
    return tuple(name for name in names() if what in (*get(name).makes_columns, *get(name).makes_parts))
