"""What a row says of each candidate beside its text: its role, its own prompt, and spans of its characters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchbench.core.example import MASK, Message, Span, Spans, check_parts
from benchbench.data.messages import Turn, UnfitRowError, check_prompt, is_empty, read_conversation, read_text

ROLES, PROMPTS, SPANS = "roles", "prompts", "spans"
COLUMNS = (ROLES, PROMPTS, SPANS)
"""Columns that may stand beside any row's responses; each has one entry per candidate."""


class Parts(NamedTuple):
    """What belongs to each candidate."""

    roles: tuple[str, ...] | None = None
    prompts: tuple[tuple[Message, ...], ...] | None = None
    spans: Spans = {}


class PartsError(ValueError):
    """Roles, prompts or spans that do not fit their row; such a row is not left out, the data are refused."""


def read_parts(row: Mapping[str, Any], turn: Turn) -> Parts:
    """Roles, prompts and spans of a row's responses.

    `roles` is a list of names; `prompts` a list of texts or conversations; `spans` has for each name a list with, for
    each candidate, its `[start, end, value]`, in characters of the response as the row gives it; `mask` needs no value.

    Raises:
        PartsError: another form, another number than there are responses, or spans that do not fit their text.
    """
    try:
        parts = Parts(_roles(row.get(ROLES)), _prompts(row.get(PROMPTS)), _spans(row.get(SPANS)))
        check_parts(turn.responses, *parts)
    except ValueError as error:
        raise PartsError(str(error)) from None
    if parts.spans:
        _require_whole(row, turn, parts.spans)
    return parts


def _roles(value: Any) -> tuple[str, ...] | None:
    if is_empty(value):
        return None
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(role, str) for role in value):
        raise PartsError(f"{ROLES}: expected a list of names, one for each candidate, got {value!r}")
    return tuple(value)


def _prompts(value: Any) -> tuple[tuple[Message, ...], ...] | None:
    if is_empty(value):
        return None
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise PartsError(f"{PROMPTS}: expected a list of prompts, one for each candidate, got {value!r}")
    return tuple(_prompt(entry, place) for place, entry in enumerate(value))


def _prompt(value: Any, place: int) -> tuple[Message, ...]:
    where = f"{PROMPTS}, candidate {place}"
    try:
        text = isinstance(value, str)
        turns = (Message("user", read_text(value, "prompt")),) if text else read_conversation(value, "prompt")
        return check_prompt(turns)
    except UnfitRowError as reason:
        raise PartsError(f"{where}: {reason}") from None


def _spans(value: Any) -> Spans:
    if is_empty(value):
        return {}
    if not isinstance(value, Mapping):
        raise PartsError(f"{SPANS}: expected a name with a list for each candidate, got {value!r}")
    named = {str(name): rows for name, rows in value.items() if not is_empty(rows)}  # parquet fills names with nothing
    return {name: tuple(_read_spans(name, rows)) for name, rows in named.items()}


def _read_spans(name: str, rows: Any) -> Iterator[tuple[Span, ...]]:
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise PartsError(f"{SPANS} '{name}': expected a list with an entry for each candidate, got {rows!r}")
    for place, row in enumerate(rows):
        yield tuple(_read_span(name, place, span) for span in row or ())


def _read_span(name: str, place: int, span: Any) -> Span:
    sizes = (2, 3) if name == MASK else (3,)
    numbers = isinstance(span, Sequence) and all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in span)
    if not numbers or len(span) not in sizes or any(number % 1 != 0 for number in span[:2]):
        form = "[start, end]" if name == MASK else "[start, end, value]"
        raise PartsError(f"{SPANS} '{name}', candidate {place}: expected {form}, got {span!r}")
    return Span(int(span[0]), int(span[1]), float(span[2]) if len(span) == 3 else 0.0)


def _require_whole(row: Mapping[str, Any], turn: Turn, spans: Spans) -> None:
    """Characters are counted in the response, so it must be a text of the row and no part of one."""
    texts = set(_texts({name: value for name, value in row.items() if name not in COLUMNS}))
    for place, response in enumerate(turn.responses):
        if any(rows[place] for rows in spans.values()) and response not in texts:
            raise PartsError(
                f"{SPANS}, candidate {place}: expected a response that is a text of its own, found one that was cut "
                "out of a longer text; give the prompt in a column of its own"
            )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts(inner)
