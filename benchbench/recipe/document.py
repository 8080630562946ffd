"""YAML 1.2 documents with the place of every value.

`5e-7` is a number, `no` is text, and a key written twice is an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from benchbench.core.errors import BenchError
from benchbench.recipe.yaml_text import MOST_BYTES, YamlTextError, read_yaml

_LONGEST, _WHOLE = 400, 10**40
"""Characters of a text, and first whole number, that a message does not repeat whole."""


@dataclass(frozen=True)
class Document:
    """Plain values, and for every dotted key where it was written."""

    values: Mapping[str, Any]
    origins: Mapping[str, str] = field(default_factory=dict)
    """Dotted key of a leaf -> "file:line"."""


def read_document(path: Path) -> Document:
    """Read one YAML mapping.

    Raises:
        BenchError: the file is missing or unreadable, is no YAML mapping, or repeats a key; the message has the line.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise BenchError(f"{path}: cannot be read as UTF-8 text (a folder or a device)")
        if path.stat().st_size > MOST_BYTES:
            raise BenchError(f"{path}: expected at most {MOST_BYTES >> 20} MiB, found more; is this a recipe?")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BenchError(f"{path}: no such file; `bench recipes ls` lists the recipes there are") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: cannot be read as UTF-8 text ({_reason(error)})") from None
    try:
        loaded = read_yaml(text)
    except YamlTextError as error:
        place = path if error.line is None else f"{path}:{error.line}"
        raise BenchError(f"{place}: {error}") from None
    if not isinstance(loaded, CommentedMap):
        raise BenchError(f"{path}: expected a mapping of keys to values, got {_kind(loaded)}")
    origins: dict[str, str] = {}
    _collect_origins(loaded, (), str(path), origins)
    values = plain(loaded)
    if not is_unicode(values):
        raise BenchError(f"{path}: expected texts of Unicode, found half of a surrogate pair (\\ud800 to \\udfff)")
    return Document(values, origins)


def is_unicode(values: Any) -> bool:
    """Whether every text in plain values can be written to a file."""
    try:
        str(values).encode() if isinstance(values, str) else json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.reason if isinstance(error, UnicodeDecodeError) else str(error.strerror)


def _kind(value: Any) -> str:
    """What a file holds that is no recipe: a name for it, and none of it, since it may hold a secret."""
    if value is None:
        return "nothing"
    return "a list" if isinstance(value, (list, tuple)) else "something else"


def describe(value: Any) -> str:
    """A value in words: "the text 'fp16'", "the number 3", "nothing"."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the truth value {value}"
    if isinstance(value, (int, float)):
        return f"the number {value}" if isinstance(value, float) or abs(value) < _WHOLE else "a number of many digits"
    if isinstance(value, str):
        return f"the text '{value if len(value) <= _LONGEST else value[:_LONGEST] + '...'}'"
    return "a list" if isinstance(value, (list, tuple)) else "a mapping"


def plain(node: Any) -> Any:
    """Values without ruamel's round-trip types, which would otherwise reach JSON and equality."""
    if isinstance(node, Mapping):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [plain(value) for value in node]
    if isinstance(node, bool) or node is None:
        return node
    for kind in (int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return str(node)


def _collect_origins(node: CommentedMap, prefix: tuple[str, ...], name: str, origins: dict[str, str]) -> None:
    for key, value in node.items():
        path = (*prefix, str(key))
        line = node.lc.data[key][0] + 1 if key in (node.lc.data or {}) else node.lc.line + 1  # `<<` brings the others
        origins[".".join(path)] = f"{name}:{line}"
        if isinstance(value, CommentedMap):
            _collect_origins(value, path, name, origins)
        elif isinstance(value, CommentedSeq):
            continue
