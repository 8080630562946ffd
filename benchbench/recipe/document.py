"""YAML 1.2 documents with the place of every value.

`5e-7` is a number, `no` is text, and a key written twice is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from benchbench.core.errors import BenchError


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
    loader = YAML(typ="rt", pure=True)
    loader.allow_duplicate_keys = False
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise BenchError(f"{path}: no such file; `bench recipes ls` lists the recipes there are") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: cannot be read as UTF-8 text ({error})") from None
    try:
        loaded = loader.load(text)
    except DuplicateKeyError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        key = str(error.problem).split('"')[1] if '"' in str(error.problem) else "?"
        raise BenchError(f"{path}:{line}: key '{key}' is written twice; keep one of the two") from None
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise BenchError(f"{path}:{line}: not valid YAML: {_unquoted(error.problem)}") from None
    except YAMLError as error:
        raise BenchError(f"{path}: not valid YAML ({type(error).__name__})") from None
    if not isinstance(loaded, CommentedMap):
        raise BenchError(f"{path}: expected a mapping of keys to values, got {_kind(loaded)}")
    origins: dict[str, str] = {}
    _collect_origins(loaded, (), str(path), origins)
    return Document(plain(loaded), origins)


def _unquoted(problem: Any) -> str:
    """What a parser says, less what it quotes of the file."""
    return re.sub(r"""(["']).*\1""", "...", str(problem), flags=re.DOTALL)


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
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text '{value}'"
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
        line = node.lc.data[key][0] + 1 if key in node.lc.data else node.lc.line + 1
        origins[".".join(path)] = f"{name}:{line}"
        if isinstance(value, CommentedMap):
            _collect_origins(value, path, name, origins)
        elif isinstance(value, CommentedSeq):
            continue
