"""What is not as it was written: said in a line, set aside, and never used; then it is made again.

Whoever finds damage says so to whoever listens: a command prints the line, whichever of its parts came upon it. Where
nobody listens, as in a notebook, it is a warning.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from benchbench.store.lease_files import LEASES
from benchbench.store.leases import hold

FOLDER = "damaged"
"""Folder below `runs/` that damaged folders are moved into."""
SUFFIX = ".damaged"
"""Ends the name of a damaged file that was set aside beside its place."""

_listeners: list[Callable[[str], None]] = []
"""Who hears of damage at the moment, innermost last."""


@contextmanager
def listening(say: Callable[[str], None]) -> Iterator[None]:
    """Have every line about damage told to a function while the block lasts."""
    _listeners.append(say)
    try:
        yield
    finally:
        _listeners.pop()


def say_damage(line: str) -> None:
    """Tell whoever listens what was damaged, and what was done about it; a warning where nobody does."""
    if _listeners:
        _listeners[-1](line)
    else:
        warnings.warn(line, stacklevel=2)


def say(line: str) -> None:
    """Tell whoever listens of anything else, such as for whom a command waits."""
    for hear in _listeners[-1:]:
        hear(line)


def beside(path: Path) -> Path:
    """Where a damaged file is put: in the same folder, its name with `.damaged` and, where that is taken, a number."""
    return _free(path.with_name(path.name + SUFFIX))


def in_damaged(root: Path, path: Path) -> Path:
    """Where a damaged folder is put: into `damaged/` of the same `runs/`, by its place there.

    Args:
        root: the `runs/` folder.
        path: a folder below it.
    """
    return _free(root / FOLDER / "-".join(path.relative_to(root).parts))


def set_aside(path: Path, place: Path) -> Path:
    """Move what is damaged to a place that is free; returns it. What another process moved meanwhile is gone already.

    Args:
        path: file or folder.
        place: as `beside` or `in_damaged` say.
    """
    from benchbench.store.files import sync  # brings YAML, without which `bench --help` starts

    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.rename(place)
        sync(place.parent)
        sync(path.parent)
    except FileNotFoundError:
        pass
    return place


def set_folder_aside(root: Path, folder: Path, fault_of: Callable[[], str]) -> None:
    """Move a damaged folder into `damaged/` and say so, unless another process has done it or made it anew meanwhile.

    Args:
        root: the `runs/` folder.
        folder: below it.
        fault_of: what is wrong with the folder as it is now; empty where nothing is, or it is not there. It is asked
            under a lock, since what was seen without it may be mended by now.
    """
    lease = root / LEASES / f"aside-{'-'.join(folder.relative_to(root).parts)}"  # whoever holds the folder may ask
    with hold(lease, guards=folder, waiting=say):
        if fault := fault_of():
            move_to_damaged(root, folder, fault)


def move_to_damaged(root: Path, folder: Path, fault: str) -> None:
    """Move a folder that nobody else changes at the moment into `damaged/`, and say what is wrong with it."""
    place = set_aside(folder, in_damaged(root, folder))
    say_damage(f"{fault}; it is set aside in {place} and made again")


def _free(path: Path) -> Path:
    numbered = (path.with_name(f"{path.name}.{number}") for number in count(2))
    return path if not path.exists() else next(name for name in numbered if not name.exists())
