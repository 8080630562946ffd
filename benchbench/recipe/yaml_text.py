"""YAML 1.2 texts of anybody: read within limits, or refused in one message that quotes none of them.

What a text could cost is looked at before it is read: aliases that would unfold to millions of values, brackets within
brackets, numbers of thousands of digits, tags.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent, ScalarEvent

MOST_BYTES = 1 << 20
"""Of a text; the longest shipped recipe has some thousand."""
DEEPEST = 40
"""Values within values."""
MOST_VALUES = 50_000
"""When every alias stands for a copy."""
MOST_DIGITS = 300
"""Of a number."""
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?([Tt \t].*)?")
_MARKS = re.compile(r"(?:^|[\s\[{,:])[&*!][^\s&]|[0-9a-fA-F_]{300}|(?:[-?][ \t]+){9}| {80}\S", re.MULTILINE)
"""Anchors, aliases, tags, long numbers, deep nesting: what may cost more than it seems."""
_MOST_BRACKETS = 200
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
        YamlTextError: it is no YAML, repeats a key, is too long, too deep or too large, or has tags.
    """
    if len(text) > MOST_BYTES:
        raise YamlTextError(f"expected at most {MOST_BYTES >> 20} MiB, found more")
    if nest := _NEST.search(text):
        line = text.count("\n", 0, nest.start()) + 1
        raise YamlTextError(f"expected at most {DEEPEST} values within each other, found more", line)
    loader = YAML(typ="rt", pure=True)
    loader.allow_duplicate_keys = False
    try:
        if _is_costly(text):
            _check(text)
        return loader.load(text)
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


def _is_costly(text: str) -> bool:
    """Whether a text may cost more than it seems; only such a one is looked at twice."""
    return text.count("[") + text.count("{") > _MOST_BRACKETS or _MARKS.search(text) is not None


def _check(text: str) -> None:
    """Walk through a text without building any value of it."""
    open_nodes: list[tuple[str | None, int]] = []  # anchor, values so far
    sizes: dict[str, int] = {}
    total = 0
    for event in YAML(typ="rt", pure=True).parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, CollectionEndEvent):
            anchor, size = open_nodes.pop()
        elif isinstance(event, CollectionStartEvent | ScalarEvent):
            _check_node(event, line)
            anchor, size = event.anchor, 1
            if isinstance(event, CollectionStartEvent):
                open_nodes.append((anchor, 1))
                if len(open_nodes) > DEEPEST:
                    raise YamlTextError(f"expected at most {DEEPEST} values within each other, found more", line)
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
        if total > MOST_VALUES:
            raise YamlTextError(f"expected at most {MOST_VALUES} values, found more, aliases written out", line)
        if open_nodes:
            open_nodes[-1] = (open_nodes[-1][0], total)


def _check_node(event: NodeEvent, line: int) -> None:
    if getattr(event, "tag", None) is not None:
        raise YamlTextError("expected plain values, found a tag (!...); leave it out, or put the text in quotes", line)
    if isinstance(event, ScalarEvent) and event.style is None:
        digits = sum(character.isalnum() for character in event.value)
        if digits > MOST_DIGITS and re.fullmatch(r"[-+]?(0[xob])?[0-9a-fA-F_.]+", event.value):
            raise YamlTextError(f"expected numbers of at most {MOST_DIGITS} digits, found one of {digits}", line)


def _unreadable(text: str, error: Exception) -> YamlTextError:
    """The message for a value that the parser took for one of a type, and could not read as such."""
    with suppress(*_FAULTS, YAMLError):
        for event in YAML(typ="rt", pure=True).parse(text):
            if isinstance(event, ScalarEvent) and event.style is None and _is_no_date(event.value):
                line = event.start_mark.line + 1
                return YamlTextError("expected a date that there is, found another; put a text in quotes", line)
    return YamlTextError(f"expected plain values, found what no type of YAML 1.2 has ({type(error).__name__})")


def _is_no_date(text: str) -> bool:
    """Whether a text looks like a date, and is none."""
    if not _DATE.fullmatch(text):
        return False
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
