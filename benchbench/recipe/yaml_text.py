"""YAML 1.2 texts of anybody: read within limits, or refused in one message that quotes none of them.

What a text could cost is looked at before it is read: aliases that would unfold to millions of values, brackets within
brackets, numbers of thousands of digits, tags, and so many values or lines that the parser would take minutes. What was
read is looked at, too: nothing goes on that no file, table or path could hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.parser import Parser
from ruamel.yaml.scanner import Scanner


@dataclass(frozen=True)
class Limits:
    """How much a text may say."""

    bytes: int
    deepest: int
    """Values within values."""
    values: int
    """When every alias stands for a copy."""
    written: int
    """Values and keys, as they are written; the parser takes a second for 10,000."""
    lines: int
    """The parser's time grows with the square of lines that are comments."""


OF_RECIPES = Limits(bytes=1 << 20, deepest=40, values=50_000, written=10_000, lines=10_000)
"""The longest shipped recipe has some thousand bytes."""
OF_WRITTEN = Limits(bytes=1 << 24, deepest=60, values=500_000, written=500_000, lines=500_000)
"""Of what benchbench writes itself, which holds whole recipes and names of files."""
MOST_BYTES, DEEPEST, MOST_VALUES = OF_RECIPES.bytes, OF_RECIPES.deepest, OF_RECIPES.values
MOST_WRITTEN, MOST_LINES = OF_RECIPES.written, OF_RECIPES.lines
MOST_DIGITS = 300
"""Of a number."""
WHOLE_BOUND = 2**63
"""Whole numbers from here on are in no table."""
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?([Tt \t].*)?")
_MARKS = re.compile(r"(?:^|[\s\[{,:])[&*!][^\s&]|^%|[0-9a-fA-F_]{300}|(?:[-?][ \t]+){9}| {80}\S", re.MULTILINE)
"""Anchors, aliases, tags, directives, long numbers, deep nesting: what may cost more than it seems."""
_MOST_BRACKETS = 200
_MOST_COMMAS = 2000
"""With lines, of a text that is read without a look before."""
_MOST_DATES = 200
"""Texts that look like dates, of which each is read by itself to find the one that is none."""
_NEST = re.compile(r"(?:[\[{]\s*){41}")
"""More brackets in a row than `DEEPEST`, for which the parser alone would take seconds."""
_FAULTS = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError, AssertionError)
"""What the parser raises for values that no type has, beside its own errors."""


class YamlTextError(Exception):
    """A text that is not read.

    Args:
        message: what was expected and found; nothing of the text is quoted but a key that is written twice.
        line: counted from 1; none where it is not known.
        is_malformed: whether it is no YAML, or repeats a key; else it is YAML that is not read.
    """

    def __init__(self, message: str, line: int | None = None, *, is_malformed: bool = False) -> None:
        super().__init__(message)
        self.line, self.is_malformed = line, is_malformed


def read_yaml(text: str) -> Any:
    """The value of a text, with ruamel's round-trip types, which know the places of keys.

    Raises:
        YamlTextError: it is no YAML, repeats a key, is too long, too deep or too large, has tags, is of another
            version of YAML, or holds what is in no table and no path: numbers of 2^63 or more, NUL characters, keys
            that are lists or mappings.
    """
    _require_size(text, OF_RECIPES)
    loader = YAML(typ="rt", pure=True)
    loader.allow_duplicate_keys = False
    loader.Scanner, loader.Parser = Scanner, Parser  # those that keep comments, which nobody reads, take a sixth longer
    try:
        if _is_costly(text):
            _check(text, OF_RECIPES)
        value = loader.load(text)
        _check_value(value)
    except DuplicateKeyError as error:
        key = str(error.problem).split('"')[1] if '"' in str(error.problem) else "?"
        raise YamlTextError(
            f"key '{key}' is written twice; keep one of the two", _line(error), is_malformed=True
        ) from None
    except MarkedYAMLError as error:
        raise YamlTextError(f"not valid YAML: {_unquoted(error.problem)}", _line(error), is_malformed=True) from None
    except YAMLError as error:
        raise YamlTextError(f"not valid YAML ({type(error).__name__})", is_malformed=True) from None
    except RecursionError:
        raise YamlTextError(f"expected at most {DEEPEST} values within each other, found more") from None
    except _FAULTS as error:
        raise _unreadable(text, error) from None
    return value


def read_written(text: str) -> Any:
    """The plain value of a text that benchbench wrote, or somebody who says so.

    Raises:
        YamlTextError: it is no YAML, too long, too deep or too large, aliases written out, or has tags.
    """
    _require_size(text, OF_WRITTEN)
    try:
        if _is_costly(text):
            _check(text, OF_WRITTEN)
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise YamlTextError(f"not valid YAML ({type(error).__name__})", is_malformed=True) from None
    except _FAULTS as error:
        raise YamlTextError(f"expected plain values, found others ({type(error).__name__})") from None


def _require_size(text: str, limits: Limits) -> None:
    if len(text) > limits.bytes:
        raise YamlTextError(f"expected at most {limits.bytes >> 20} MiB, found more")
    if text.count("\n") >= limits.lines or len(text.splitlines()) > limits.lines:
        raise YamlTextError(f"expected at most {limits.lines} lines, found more")
    if nest := _NEST.search(text):
        line = text.count("\n", 0, nest.start()) + 1
        raise YamlTextError(f"expected at most {DEEPEST} values within each other, found more", line)


def _is_costly(text: str) -> bool:
    """Whether a text may cost more than it seems; only such a one is looked at twice."""
    if text.count("[") + text.count("{") > _MOST_BRACKETS or text.count("\n") + text.count(",") > _MOST_COMMAS:
        return True
    return _MARKS.search(text) is not None


def _check(text: str, limits: Limits) -> None:
    """Walk through a text without building any value of it."""
    open_nodes: list[tuple[str | None, int]] = []  # anchor, values so far
    sizes: dict[str, int] = {}
    total = written = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        line = event.start_mark.line + 1
        written += isinstance(event, NodeEvent)
        if written > limits.written:
            raise YamlTextError(f"expected at most {limits.written} values, found more", line)
        if isinstance(event, DocumentStartEvent):
            _check_directives(event, line)
        if isinstance(event, CollectionEndEvent):
            anchor, size = open_nodes.pop()
        elif isinstance(event, CollectionStartEvent | ScalarEvent):
            _check_node(event, line)
            anchor, size = event.anchor, 1
            if isinstance(event, CollectionStartEvent):
                open_nodes.append((anchor, 1))
                if len(open_nodes) > limits.deepest:
                    raise YamlTextError(f"expected at most {limits.deepest} values within each other, found more", line)
                continue
        elif isinstance(event, AliasEvent):
            if any(event.anchor == anchor for anchor, _ in open_nodes):
                raise YamlTextError("expected values that end, found an alias of a value within itself", line)
            anchor, size = None, sizes.get(str(event.anchor), 1)
        else:
            continue
        if anchor is not None:
            sizes[str(anchor)] = size
        total = size if not open_nodes else open_nodes[-1][1] + size
        if total > limits.values:
            raise YamlTextError(f"expected at most {limits.values} values, found more, aliases written out", line)
        if open_nodes:
            open_nodes[-1] = (open_nodes[-1][0], total)


def _check_node(event: NodeEvent, line: int) -> None:
    if getattr(event, "tag", None) is not None:
        raise YamlTextError("expected plain values, found a tag (!...); leave it out, or put the text in quotes", line)
    if isinstance(event, ScalarEvent) and event.style is None:
        digits = sum(character.isalnum() for character in event.value)
        if digits > MOST_DIGITS and re.fullmatch(r"[-+]?(0[xob])?[0-9a-fA-F_.]+", event.value):
            raise YamlTextError(f"expected numbers of at most {MOST_DIGITS} digits, found one of {digits}", line)


def _check_directives(event: DocumentStartEvent, line: int) -> None:
    """Another version gives words and numbers another meaning: `no`, `010`, `1:30`."""
    if event.tags:
        raise YamlTextError("expected plain values, found a directive %TAG; leave it out", line, is_malformed=True)
    if event.version is not None and tuple(event.version) != (1, 2):
        raise YamlTextError("expected YAML 1.2, found a directive that says otherwise; leave it out", line)


def _check_value(value: Any, line: int | None = None) -> None:
    """Refuse what a text may say and nothing that is made of it can hold."""
    if isinstance(value, CommentedMap):
        for key, inner in value.items():
            _check_value(inner, _line_of(value, key))
        _check_keys(value)
    elif isinstance(value, CommentedSeq):
        for place, inner in enumerate(value):
            _check_value(inner, _line_of(value, place))
    elif isinstance(value, int) and not -WHOLE_BOUND <= value < WHOLE_BOUND:
        problem = "expected whole numbers from -2^63 to below 2^63, found another; put a text in quotes"
        raise YamlTextError(problem, line)
    elif isinstance(value, str) and "\0" in value:
        raise YamlTextError("expected texts without NUL characters (\\0), found one", line)


def _check_keys(mapping: CommentedMap) -> None:
    """Keys become texts: two may become one, and a list or mapping none that a reader would know."""
    names: set[str] = set()
    for key in mapping:
        line, name = _line_of(mapping, key), str(key)
        if isinstance(key, (tuple, Mapping)) or "\0" in name:
            raise YamlTextError("expected a text as a key, found something else", line)
        if name in names:
            raise YamlTextError("expected every key once, found two that are the same text; keep one of the two", line)
        names.add(name)


def _line_of(node: CommentedMap | CommentedSeq, key: Any) -> int | None:
    """Where a value begins; none for one that `<<` brings."""
    place = (node.lc.data or {}).get(key)
    return None if place is None else place[0] + 1


def _unreadable(text: str, error: Exception) -> YamlTextError:
    """The message for a value that the parser took for one of a type, and could not read as such."""
    with suppress(*_FAULTS, YAMLError):
        for written, line in islice(_dates(text), _MOST_DATES):
            if _is_no_date(written):
                return YamlTextError("expected a date that there is, found another; put a text in quotes", line)
    return YamlTextError(f"expected plain values, found what no type of YAML 1.2 has ({type(error).__name__})")


def _dates(text: str) -> Iterator[tuple[str, int]]:
    """Texts that look like dates, each once, and their lines."""
    seen: set[str] = set()
    for event in YAML(typ="rt", pure=True).parse(text):
        if isinstance(event, ScalarEvent) and event.style is None and event.value not in seen:
            seen.add(event.value)
            if _DATE.fullmatch(event.value):
                yield event.value, event.start_mark.line + 1


def _is_no_date(text: str) -> bool:
    """Whether a text that looks like a date is none."""
    try:
        YAML(typ="rt", pure=True).load(text)
    except _FAULTS:
        return True
    return False


def _unquoted(problem: Any) -> str:
    """What a parser says, less what it quotes of the text."""
    return re.sub(r"""(["']).*\1""", "...", str(problem), flags=re.DOTALL)


def _line(error: MarkedYAMLError) -> int | None:
    return error.problem_mark.line + 1 if error.problem_mark else None
