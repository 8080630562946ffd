"""Rooms of exhibits: interchangeable things, one per file, found by file name and listed nowhere."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from types import ModuleType
from typing import Any

from benchbench.core.errors import unknown_name


def exhibit_names(room: ModuleType, *, folders_alone: bool = False) -> tuple[str, ...]:
    """Names of a room's exhibits, sorted; nothing is imported.

    Args:
        room: the package.
        folders_alone: its files are no exhibits, as in the room of stages.
    """
    return _names_below(tuple(room.__path__), folders_alone)


@lru_cache
def _names_below(paths: tuple[str, ...], folders_alone: bool) -> tuple[str, ...]:
    """Names of public modules; a room is asked for one of its exhibits thousands of times, and read once."""
    modules = (m for m in pkgutil.iter_modules(paths) if m.ispkg or not folders_alone)
    return tuple(sorted(module.name for module in modules if not module.name.startswith("_")))


def exhibit(room: ModuleType, name: str, *, kind: str, constant: str) -> Any:
    """The object that an exhibit's module offers under `constant`.

    Raises:
        BenchError: no exhibit has this name; the message suggests the nearest.
    """
    names = exhibit_names(room)
    if name not in names:
        raise unknown_name(kind, name, names)
    return getattr(importlib.import_module(f"{room.__name__}.{name}"), constant)
