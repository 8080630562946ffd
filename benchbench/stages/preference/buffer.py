"""Drawn rows that are trained on more than once, or later: in memory, and in every checkpoint meanwhile."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from benchbench.data.tokenized import TokenizedCandidate, TokenizedExample

Slot = tuple[list[TokenizedExample], dict[str, float]]
"""Rows of one optimizer step, and what is logged of them."""


@dataclass(frozen=True)
class StoredRows:
    """The rows of one draw."""

    generation: int = -1
    """Number of the draw, from 0; -1 before the first."""
    slots: Sequence[Slot] = ()
    """Of each step of `steps_per_generation`."""
    logps: Mapping[str, Sequence[Sequence[float]]] | None = field(default=None)
    """Row's id -> for each candidate the log-probability of every scored token when it was drawn; none where the policy
    is still the same."""
    values: Mapping[str, Sequence[Sequence[float]]] | None = field(default=None)
    """Row's id -> for each candidate the critic's value of every scored token when it was drawn; none as above, and
    where the method has no critic."""
    shaped: Mapping[str, Sequence[Sequence[float]]] | None = field(default=None)
    """Row's id -> for each candidate what the shaping gave: one number, or one for every scored token; none where there
    is no shaping, or it gave rewards."""


def write_buffer(stored: StoredRows) -> Tensor:
    """[N] bytes of the rows, for a checkpoint."""
    slots = [[[_plain(row) for row in rows], facts] for rows, facts in stored.slots]
    further = [stored.values, stored.shaped]
    while further and further[-1] is None:
        further.pop()
    text = json.dumps([stored.generation, slots, stored.logps, *further])
    return torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8)


def read_buffer(content: Tensor) -> StoredRows:
    """The rows that `write_buffer` wrote, to the bit."""
    generation, slots, logps, *further = json.loads(bytes(content.tolist()))
    return StoredRows(generation, [([_row(row) for row in rows], facts) for rows, facts in slots], logps, *further)


def _plain(row: TokenizedExample) -> list[Any]:
    candidates = [
        [[int(token) for token in c.tokens], c.response, c.empty, c.holes, c.prompt_tokens] for c in row.candidates
    ]
    return [row.id, candidates, row.identical, dict(row.columns)]


def _row(values: list[Any]) -> TokenizedExample:
    name, candidates, identical, columns = values
    rows = tuple(_candidate(*candidate) for candidate in candidates)
    kept_columns = {key: tuple(value) if isinstance(value, list) else value for key, value in columns.items()}
    return TokenizedExample(name, rows, identical=identical, columns=kept_columns)


def _candidate(
    tokens: list[int],
    response: list[int],
    empty: bool,
    holes: Sequence[list[int]] = (),
    prompt_tokens: int | None = None,
) -> TokenizedCandidate:
    """A candidate; one of an earlier version has neither holes nor tokens before its response."""
    ranges = tuple((start, stop) for start, stop in holes)
    return TokenizedCandidate(
        tuple(tokens), (response[0], response[1]), empty=empty, holes=ranges, prompt_tokens=prompt_tokens
    )
