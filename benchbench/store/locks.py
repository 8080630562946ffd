"""lock.yaml: what a stage was told, in its folder.

It is text of anybody as soon as a folder comes from somewhere else: read within limits, and refused in one way.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchbench.recipe.yaml_text import YamlTextError, read_written
from benchbench.store.files import read_text

LOCK = "lock.yaml"


def read_lock(path: Path) -> dict[str, Any]:
    """What a lock file says.

    Raises:
        OSError: it cannot be read, or is no file.
        ValueError: it is none.
    """
    return lock_values(read_text(path))


def lock_values(text: str) -> dict[str, Any]:
    """What the text of a lock file, or a part of it, says.

    Raises:
        ValueError: it is none, or is past the limits of what is read.
    """
    try:
        values = read_written(text)
    except YamlTextError as error:
        raise ValueError(str(error)) from None
    if not isinstance(values, dict):
        raise ValueError(f"expected a mapping, found {type(values).__name__}")
    return values
