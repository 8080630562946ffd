"""Rooms of exhibits: interchangeable things, one per file, found by file name and listed nowhere."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from types import ModuleType
from typing import Any

from benchbench.core.errors import unknown_name


def exhibit_names(room: ModuleType) -> tuple[str, ...]:
    """File names of a room's exhibits, sorted; nothing is imported."""
    return _names_below(tuple(room.__path__))


@lru_cache
def _names_below(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Names of public modules; a room is asked for one of its exhibits thousands of times, and read once."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(folders) if not m.name.startswith("_")))


def exhibit(room: ModuleType, name: str, *, kind: str, constant: str) -> Any:
    """The object that an exhibit's module offers under `constant`.

    Raises:
        BenchError: no exhibit has this name; the message suggests the nearest.
    """
    names = exhibit_names(room)
    if name not in names:
        raise unknown_name(kind, name, names)
    return getattr(importlib.import_module(f"{room.__name__}.{name}"), constant)
