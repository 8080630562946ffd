"""Tokens of many examples, from the arrays that they lie in where they do: no example is made to be counted."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchbench.batches.microbatches import Cost
from benchbench.data.token_rows import TokenRows
from benchbench.data.tokenized import TokenizedExample

Ints = NDArray[np.int64]


def costs_of(cost: Cost, examples: Sequence[TokenizedExample]) -> list[int]:
    """Tokens that each example takes in a forward pass by itself, as `cost.of` counts them."""
    if not isinstance(examples, TokenRows) or not len(examples) or cost.roles:  # which rows have them differs
        return [cost.of(example) for example in examples]
    starts, lengths, counts = examples.row_starts(), examples.row_lengths(), examples.candidate_counts()
    firsts = np.cumsum(counts) - counts  # [E] row of each example's first candidate
    if cost.candidates is not None:
        counts = np.minimum(counts, cost.candidates)
    if not cost.packed:
        return (counts * _by_example(np.maximum, lengths, firsts, counts)).tolist()
    inputs = lengths if cost.whole else _scored_inputs(examples.responses())
    total = _by_example(np.add, inputs, firsts, counts)
    if cost.share:
        total -= _saved(examples.tokens, starts, inputs, firsts, counts)
    return total.tolist()


def tokens_of(examples: Sequence[TokenizedExample]) -> list[int]:
    """Tokens of all candidates of each example together."""
    if not isinstance(examples, TokenRows) or not len(examples):
        return [sum(len(candidate.tokens) for candidate in example.candidates) for example in examples]
    counts = examples.candidate_counts()
    return _by_example(np.add, examples.row_lengths(), np.cumsum(counts) - counts, counts).tolist()


def longest_first(examples: Sequence[TokenizedExample], costs: Sequence[int]) -> list[int]:
    """Indices of examples, most candidates first, then most tokens; those of one batch have as many candidates."""
    if isinstance(examples, TokenRows):
        counts, ids = examples.candidate_counts().tolist(), examples.ids()
    else:
        counts, ids = [len(example.candidates) for example in examples], [example.id for example in examples]
    return sorted(range(len(examples)), key=lambda i: (-counts[i], -costs[i], ids[i]))


def _scored_inputs(responses: Ints) -> Ints:
    """[C] tokens of each row up to the last that a scored one needs; 0 for a row without a scored token."""
    start, stop = responses.T
    return np.where(start < stop, np.maximum(stop - 1, 0), 0)


def _by_example(join: np.ufunc, values: Ints, firsts: Ints, counts: Ints) -> Ints:
    """[E] of [C] values, those of each example's first so many candidates joined."""
    spans = np.stack([firsts, firsts + counts], axis=1).reshape(-1)
    return join.reduceat(np.append(values, 0), spans)[::2]


def _saved(tokens: NDArray[np.unsignedinteger], starts: Ints, inputs: Ints, firsts: Ints, counts: Ints) -> Ints:
    """[E] tokens that are not encoded again, since candidates share them (`models.packing.shared_front`)."""
    saved = np.zeros(len(firsts), np.int64)
    begins, sizes = starts.tolist(), inputs.tolist()
    for e, (first, count) in enumerate(zip(firsts.tolist(), counts.tolist(), strict=True)):
        rows = [row for row in range(first, first + count) if sizes[row]]
        if len(rows) < 2:
            continue
        at, front = begins[rows[0]], sizes[rows[0]]
        for row in rows[1:]:
            front = min(front, sizes[row])
            unlike = tokens[at : at + front] != tokens[begins[row] : begins[row] + front]
            place = int(unlike.argmax()) if front else 0
            front = place if front and unlike[place] else front
        saved[e] = front * (len(rows) - 1)
    return saved
