"""JSON files of anybody, such as a model's configuration: read within limits, or refused in one message."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError
from benchbench.core.json_text import JsonTextError, parse_json
from benchbench.store.files import read_text

MOST_BYTES = 1 << 28
"""Of one file: eight times the largest vocabularies."""


def json_in(path: Path) -> Any:
    """The value that a file holds.

    Raises:
        JsonTextError: why it cannot be read, whatever the reason: not there, no file, too large, no JSON.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise JsonTextError(f"more than {MOST_BYTES >> 20} MiB")
        return parse_json(read_text(path))
    except OSError as error:
        raise JsonTextError(error.strerror or type(error).__name__) from None
    except UnicodeDecodeError as error:
        raise JsonTextError(f"no UTF-8: {error.reason} at byte {error.start}") from None


def object_in(path: Path) -> dict[str, Any]:
    """The JSON object that a file holds.

    Raises:
        BenchError: it cannot be read, or holds something else.
    """
    try:
        value = json_in(path)
    except JsonTextError as error:
        raise _no_object(path, f"what cannot be read ({error})") from None
    if not isinstance(value, dict):
        raise _no_object(path, type(value).__name__)
    return value


def _no_object(path: Path, what: str) -> BenchError:
    return BenchError(f"{path}: expected one JSON object, found {what}; copy or download the file again")
