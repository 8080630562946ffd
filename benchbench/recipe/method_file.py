"""A method that a recipe or a command line takes from a file: how it is written, and where its path starts from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchbench.recipe.values import get, put

SUFFIX = ".py"


def split_method_file(target: str) -> tuple[str, str] | None:
    """(path, variant) of a target FILE.py or FILE.py@VARIANT; none for anything else."""
    if target.endswith(SUFFIX):
        return target, "default"
    path, _, variant = target.rpartition("@")
    return (path, variant) if path.endswith(SUFFIX) and variant else None


def method_name_of(path: str) -> str:
    """The name of the method that a file defines: a file is called after its method."""
    return Path(path).stem


def place_method_file(values: dict[str, Any], folder_of: Callable[[str], Path]) -> None:
    """Put the absolute path of a recipe's method file at `method.file`, and the file's name at `method.name`.

    A path at `method.name` is the short way to write both. What is no text is left to the schema.

    Args:
        values: of the recipe; changed in place.
        folder_of: dotted key -> folder that a relative path written there starts from.
    """
    name, file = get(values, "method.name"), get(values, "method.file")
    key = "method.file"
    if file is None and isinstance(name, str) and name.endswith(SUFFIX):
        key, file, name = "method.name", name, None
    if not isinstance(file, str) or not file:
        return
    path = Path(file).expanduser()
    put(values, "method.file", str(path if path.is_absolute() else (folder_of(key) / path).absolute()))
    if name is None:
        put(values, "method.name", method_name_of(file))
