"""Room of methods: one file each, found by file name; beside them what a user's own file or package defines."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchbench.core import room
from benchbench.core.errors import unknown_name
from benchbench.core.method import plain_name
from benchbench.methods import _file
from benchbench.methods._entry_points import installed_method, installed_names
from benchbench.methods._file import loaded_method, read_method, refuse_moved

if TYPE_CHECKING:
    from benchbench.core.method import Method


def names() -> tuple[str, ...]:
    """Names of all built-in methods, sorted; nothing is imported."""
    return room.exhibit_names(sys.modules[__name__])


def installed() -> tuple[str, ...]:
    """Names of the methods that installed packages offer as entry points, sorted; nothing is imported."""
    return installed_names()


def get(name: str, *, file: str | None = None) -> Method:
    """The method of that name: built in, of an installed package, or of a file.

    A method that is not built in is called after its content, too (`my_method+3f2a91c0d4e5b678`). By such a name it is
    found only if it still has that content.

    Args:
        name: with or without its content.
        file: the file that defines it; nothing is imported from a file that is not named here.

    Raises:
        BenchError: there is none, and the message suggests the nearest; or its file is faulty or has moved.
    """
    if file is not None:
        method = read_method(Path(file), built_in=names())
        refuse_moved(method, name, where=file)
        return method
    if name in names():
        return room.exhibit(sys.modules[__name__], name, kind="method", constant="METHOD")
    method = loaded_method(name)
    if method is not None:
        return method
    if plain_name(name) not in installed():
        raise unknown_name("method", name, (*names(), *installed()))
    method = installed_method(plain_name(name), built_in=names())
    refuse_moved(method, name, where=f"entry point '{plain_name(name)}'")
    return method


def get_installed(name: str) -> Method:
    """The method that an installed package offers under a name, whatever is built in.

    Raises:
        BenchError: its package is faulty, or its name is that of a built-in method.
    """
    return installed_method(name, built_in=names())


def refuse_name(name: str) -> None:
    """Return only if a method of a user's may have the name.

    Raises:
        BenchError: it is no Python name, or a built-in method has it.
    """
    _file.refuse_name(name, names(), where=name)
