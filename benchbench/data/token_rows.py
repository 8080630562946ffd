"""Tokenised examples as a few arrays, and the arrays as examples that are made when somebody looks at one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from benchbench.core.example import MASK, Column
from benchbench.data.column_shape import values_of
from benchbench.data.spans import Run
from benchbench.data.tokenized import TokenizationReport, Tokenized, TokenizedCandidate, TokenizedExample
from benchbench.store.tokens import TokenEntry

TRUNCATED, EMPTY, OVERLONG = 1, 2, 4
"""Bits of a candidate's `flags`."""
ROLES, SPANS, PROMPTS = "roles", "spans", "prompt_tokens"
"""Arrays of entries with roles, with holes (`mask`) or weights, and with ranges that do not begin after the prompt."""
_TEXT = ("utf-8", "surrogatepass")
Layout = tuple[tuple[str, bool], ...]
"""Columns of an example in their order: the name, and whether there is one number per candidate."""


class TokenRows(Sequence[TokenizedExample]):
    """The examples of an entry in their order; each is made anew at every access, and its ids are views."""

    def __init__(self, entry: TokenEntry) -> None:
        # numbers are read one at a time, which a memoryview does in a third of an array's time
        self._tokens, self._rows = entry.tokens, {name: _numbers(array) for name, array in entry.rows.items()}
        self._ids = entry.rows["ids"].tobytes()
        self._layouts: list[Layout] = [tuple((str(n), bool(k)) for n, k in layout) for layout in entry.facts["layouts"]]
        self._reasons: list[str | None] = [None, *entry.facts["reasons"]]
        self._roles: list[tuple[str, ...] | None] = [None, *map(tuple, entry.facts.get(ROLES, ()))]
        self._names: list[str] = entry.facts.get(SPANS, [])

    def __len__(self) -> int:
        return len(self._rows["identical"])

    @overload
    def __getitem__(self, index: int) -> TokenizedExample: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[TokenizedExample, ...]: ...
    def __getitem__(self, index: int | slice) -> TokenizedExample | tuple[TokenizedExample, ...]:
        if isinstance(index, slice):
            return tuple(self._example(i) for i in range(*index.indices(len(self))))
        if not -len(self) <= index < len(self):
            raise IndexError(f"example {index} of {len(self)}")
        return self._example(index % len(self))

    @property
    def tokens(self) -> NDArray[Any]:
        """[M] ids of all rows, one after another."""
        return self._tokens

    def row_starts(self) -> NDArray[np.int64]:
        """[C] where each candidate's row begins in `tokens`."""
        return np.concatenate([np.zeros(1, np.int64), np.asarray(self._rows["token_ends"])[:-1]])

    def row_lengths(self) -> NDArray[np.int64]:
        """[C] tokens of each candidate's row."""
        return np.diff(np.asarray(self._rows["token_ends"]), prepend=0)

    def responses(self) -> NDArray[np.int64]:
        """[C, 2] half-open range of each candidate's scored tokens in its row."""
        return np.asarray(self._rows["response"]).reshape(-1, 2)

    def candidate_counts(self) -> NDArray[np.int64]:
        """[E] candidates of each example."""
        return np.diff(np.asarray(self._rows["candidate_ends"]), prepend=0)

    def ids(self) -> list[str]:
        """The examples' ids in order."""
        ends = np.asarray(self._rows["id_ends"]).tolist()
        return [self._ids[begin:end].decode(*_TEXT) for begin, end in zip([0, *ends], ends, strict=False)]

    def longest(self) -> tuple[str, int]:
        """As `longest_row`, without making an example of each."""
        lengths = self.row_lengths()
        c = int(np.argmax(lengths))
        i = int(np.searchsorted(np.asarray(self._rows["candidate_ends"]), c, side="right"))
        return self[i].id, int(lengths[c])

    def _example(self, i: int) -> TokenizedExample:
        rows = self._rows
        first, last = _span(rows["candidate_ends"], i)
        begin, end = _span(rows["id_ends"], i)
        return TokenizedExample(
            self._ids[begin:end].decode(*_TEXT),
            tuple([self._candidate(c) for c in range(first, last)]),
            rows["identical"][i],
            self._columns(i, last - first),
            self._reasons[rows["spared"][i]],
            self._roles[rows[ROLES][i]] if ROLES in rows else None,
        )

    def _candidate(self, c: int) -> TokenizedCandidate:
        rows = self._rows
        begin, end = _span(rows["token_ends"], c)
        response = rows["response"]
        flags = rows["flags"][c]
        holes, weights = self._spans(c) if SPANS in rows else ((), {})
        return TokenizedCandidate(
            self._tokens[begin:end],
            (response[2 * c], response[2 * c + 1]),
            flags & TRUNCATED > 0,
            flags & EMPTY > 0,
            flags & OVERLONG > 0,
            holes,
            weights,
            None if PROMPTS not in rows or rows[PROMPTS][c] < 0 else rows[PROMPTS][c],
        )

    def _spans(self, c: int) -> tuple[tuple[tuple[int, int], ...], Mapping[str, tuple[Run, ...]]]:
        """Holes and weights of a candidate."""
        rows, named = self._rows, dict[str, list[Run]]()
        for place in range(*_span(rows["span_ends"], c)):
            name, start, stop = rows[SPANS][3 * place : 3 * place + 3]
            named.setdefault(self._names[name], []).append((start, stop, rows["span_values"][place]))
        holes = tuple((start, stop) for start, stop, _ in named.pop(MASK, ()))
        return holes, {name: tuple(stretches) for name, stretches in named.items()}

    def _columns(self, i: int, candidates: int) -> Mapping[str, Column]:
        begin, end = _span(self._rows["value_ends"], i)
        values = self._rows["values"][begin:end].tolist()
        columns: dict[str, Column] = {}
        at = 0
        for name, per_candidate in self._layouts[self._rows["layout"][i]]:
            columns[name] = tuple(values[at : at + candidates]) if per_candidate else values[at]
            at += candidates if per_candidate else 1
        return columns


def longest_row(examples: Sequence[TokenizedExample]) -> tuple[str, int]:
    """Id of the first example with the longest row of all, and that row's tokens.

    Raises:
        ValueError: no example.
    """
    if isinstance(examples, TokenRows):
        return examples.longest()
    longest = max(examples, key=_longest)
    return longest.id, _longest(longest)


def _longest(example: TokenizedExample) -> int:
    return max(len(candidate.tokens) for candidate in example.candidates)


def _numbers(array: NDArray[Any]) -> memoryview[Any]:
    return memoryview(np.ascontiguousarray(array).reshape(-1))  # type: ignore[arg-type]  # it has the buffer protocol


def _span(ends: memoryview[int], i: int) -> tuple[int, int]:
    """Where part i of an array lies, of which the ends of all parts are known."""
    return ends[i - 1] if i else 0, ends[i]


def entry_of(tokenized: Tokenized) -> TokenEntry:
    """The arrays of tokenised examples."""
    examples = tokenized.examples
    candidates = [candidate for example in examples for candidate in example.candidates]
    ids, values = [example.id.encode(*_TEXT) for example in examples], [_values(example) for example in examples]
    layouts: dict[Layout, int] = {}
    reasons: dict[str | None, int] = {None: 0}
    rows: dict[str, NDArray[Any]] = {
        "candidate_ends": _ends(len(example.candidates) for example in examples),
        "token_ends": _ends(len(candidate.tokens) for candidate in candidates),
        "response": np.array([candidate.response for candidate in candidates], np.int64).reshape(-1, 2),
        "flags": np.array([_flags(candidate) for candidate in candidates], np.uint8),
        "identical": np.array([example.identical for example in examples], np.bool_),
        "spared": np.array([reasons.setdefault(e.spared, len(reasons)) for e in examples], np.uint32),
        "ids": np.frombuffer(b"".join(ids), np.uint8),
        "id_ends": _ends(map(len, ids)),
        "layout": np.array([layouts.setdefault(_layout(e), len(layouts)) for e in examples], np.uint32),
        "values": np.array([number for numbers in values for number in numbers], np.float64),
        "value_ends": _ends(map(len, values)),
    }
    facts = {"report": tokenized.report.as_json(), "layouts": list(layouts), "reasons": [r for r in reasons if r]}
    _add_roles(examples, rows, facts)
    _add_spans(candidates, rows, facts)
    tokens = np.concatenate([np.zeros(0, np.uint16), *(np.asarray(candidate.tokens) for candidate in candidates)])
    return TokenEntry(tokens, rows, facts)


def _add_roles(examples: Sequence[TokenizedExample], rows: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
    """Which candidate is what; nothing where no example says so, so that such an entry is what it always was."""
    if any(example.roles is not None for example in examples):
        roles: dict[tuple[str, ...] | None, int] = {None: 0}
        rows[ROLES] = np.array([roles.setdefault(e.roles, len(roles)) for e in examples], np.uint32)
        facts[ROLES] = [list(known) for known in roles if known is not None]


def _add_spans(candidates: Sequence[TokenizedCandidate], rows: dict[str, NDArray[Any]], facts: dict[str, Any]) -> None:
    """Holes and weights, one run of tokens after another, and what they move; nothing without them, as for roles."""
    runs = [
        [(MASK, *hole, 0.0) for hole in c.holes]
        + [(name, *run) for name, stretches in c.weights.items() for run in stretches]
        for c in candidates
    ]
    if any(candidate.prompt_tokens is not None for candidate in candidates):
        lengths = [-1 if c.prompt_tokens is None else c.prompt_tokens for c in candidates]
        rows[PROMPTS] = np.array(lengths, np.int64)
    together = [run for stretches in runs for run in stretches]
    if not together:
        return
    names = {name: place for place, name in enumerate(dict.fromkeys(name for name, *_ in together))}
    rows["span_ends"] = _ends(map(len, runs))
    rows[SPANS] = np.array([(names[name], start, stop) for name, start, stop, _ in together], np.int64)
    rows["span_values"] = np.array([value for *_, value in together], np.float64)
    facts[SPANS] = list(names)


def examples_of(entry: TokenEntry) -> Tokenized:
    """The examples that `entry_of` made arrays of, and their report."""
    return Tokenized(TokenRows(entry), TokenizationReport.from_json(entry.facts["report"]))


def _ends(lengths: Iterable[int]) -> NDArray[np.int64]:
    return np.cumsum(np.array(list(lengths), np.int64))


def _flags(candidate: TokenizedCandidate) -> int:
    return TRUNCATED * candidate.truncated | EMPTY * candidate.empty | OVERLONG * candidate.overlong


def _layout(example: TokenizedExample) -> Layout:
    return tuple((name, isinstance(column, tuple)) for name, column in example.columns.items())


def _values(example: TokenizedExample) -> list[float]:
    return [number for column in example.columns.values() for number in values_of(column)]
