"""Spans of responses: text between markers, and which tokens a span of characters has.

A token belongs to a span when at least one of its characters is in it: those that the tokenizer states for it, or, for
a token of white space alone for which it states none, those since the token before it. A token that touches several
spans of one name belongs to the first. What a template writes around a response, and an appended EOS, is in no span.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from benchbench.core.errors import BenchError
from benchbench.core.example import MASK, Example, Span
from benchbench.recipe.training import MaskedSpanSection

Offsets = Sequence[tuple[int, int]]
"""For each token its half-open range of characters."""
Values = Sequence[float | None]
"""For each token the number of the span that it belongs to; none where it belongs to none."""
Run = tuple[int, int, float]
"""Half-open range of tokens, and their number."""
CandidateSpans = Mapping[str, Sequence[Span]]
"""Name -> spans of one response's characters."""


class Between(NamedTuple):
    """What stands between markers in a text."""

    spans: tuple[Span, ...]
    unclosed: int
    """Of these, spans that reach to the end of the text, since their end marker is missing."""


def between(text: str, markers: Sequence[MaskedSpanSection]) -> Between:
    """The holes of a text: from each start marker through the next end marker, or else to the end of the text.

    A marker without a start has one hole, from the beginning of the text on.
    """
    spans: list[Span] = []
    unclosed = 0
    for marker in markers:
        start, width = (0, 0) if marker.start is None else (text.find(marker.start), len(marker.start))
        while start >= 0 and text:
            closing = text.find(marker.end, start + width)
            unclosed += closing < 0
            end = len(text) if closing < 0 else closing + len(marker.end)
            spans.append(Span(start, end, 0.0))
            start = -1 if marker.start is None else text.find(marker.start, end)
    return Between(tuple(sorted(spans)), unclosed)


def candidate_spans(example: Example, markers: Sequence[MaskedSpanSection]) -> tuple[list[CandidateSpans], int]:
    """Each candidate's spans by name, the text between markers among the holes; and how many of these have no end."""
    by_candidate: list[CandidateSpans] = []
    unclosed = 0
    for k, text in enumerate(example.candidates):
        named = {name: rows[k] for name, rows in example.spans.items() if rows[k]}
        marked = between(text, markers)
        unclosed += marked.unclosed
        if marked.spans:
            named[MASK] = (*named.get(MASK, ()), *marked.spans)
        by_candidate.append(named)
    return by_candidate, unclosed


def shift_of(text: str, written: str) -> int:
    """Characters by which a response's text is shifted in what a template wrote of it; its own margins may be gone.

    Raises:
        BenchError: the template wrote the text otherwise, so that nobody knows where its characters are.
    """
    inner = text.strip()
    start = written.find(inner)
    if start < 0:
        raise BenchError(
            f"expected the template to write a response with spans as it is, found {written[:60]!r} for {text[:60]!r}; "
            "take a template that leaves responses whole, or leave the spans out"
        )
    return start - (len(text) - len(text.lstrip()))


def token_values(spans: Iterable[Span], offsets: Offsets, *, shift: int = 0) -> Values:
    """The number of the span that each token belongs to.

    Args:
        spans: of one name, in the characters of the response.
        offsets: of each token, in the characters of what the template wrote.
        shift: as `shift_of`.
    """
    spans = tuple(spans)
    values: list[float | None] = []
    before = 0
    for start, end in offsets:
        first = before if start == end else start
        touched = (span.value for span in spans if first < span.end + shift and span.start + shift < end)
        values.append(next(touched, None))
        before = end
    return values


def runs(values: Values) -> tuple[Run, ...]:
    """Neighbouring tokens of one number together; tokens of none are in no run."""
    joined: list[Run] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        if joined and joined[-1][1] == place and joined[-1][2] == value:
            joined[-1] = (joined[-1][0], place + 1, value)
        else:
            joined.append((place, place + 1, value))
    return tuple(joined)
