"""Tokens of many examples from their arrays: the same as from each example by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.batches.costs import costs_of, longest_first, tokens_of
from benchbench.batches.microbatches import Cost
from benchbench.data.token_rows import entry_of, examples_of
from benchbench.data.tokenized import TokenizationReport, Tokenized, TokenizedCandidate, TokenizedExample

WAYS = [
    Cost(packed=True),
    Cost(packed=False),
    Cost(packed=True, share=False),
    Cost(packed=True, whole=True),
    Cost(packed=True, candidates=1),
    Cost(packed=False, candidates=2),
]


@st.composite
def candidates(draw):
    """Few distinct tokens, so that rows begin alike; with and without a scored token."""
    tokens = draw(st.lists(st.integers(1, 2), min_size=1, max_size=6))
    start = draw(st.integers(0, len(tokens)))
    return TokenizedCandidate(np.array(tokens, np.uint16), (start, draw(st.integers(start, len(tokens)))))


EXAMPLES = st.lists(st.lists(candidates(), min_size=1, max_size=4).map(tuple), max_size=8).map(
    lambda rows: [TokenizedExample(f"e{i % 3}-{9 - i}", row, False, {}) for i, row in enumerate(rows)]
)


def stored(examples):
    return examples_of(entry_of(Tokenized(tuple(examples), TokenizationReport()))).examples


@pytest.mark.parametrize("cost", WAYS, ids=str)
@given(examples=EXAMPLES)
def test_arrays_are_counted_as_examples_are(cost, examples):
    each = [cost.of(example) for example in examples]
    assert costs_of(cost, stored(examples)) == each == costs_of(cost, examples)
    assert longest_first(stored(examples), each) == longest_first(examples, each)


@given(EXAMPLES)
def test_tokens_of_all_candidates(examples):
    expected = [sum(len(candidate.tokens) for candidate in example.candidates) for example in examples]
    assert tokens_of(stored(examples)) == expected == tokens_of(examples)


def test_shared_tokens_count_once_by_hand():
    """5 6 7 is shared, the first row adds 8; 9 and 1 are scored, and nothing reads them."""
    pair = (TokenizedCandidate([5, 6, 7, 8, 9], (3, 5)), TokenizedCandidate([5, 6, 7, 1], (3, 4)))
    rows = stored([TokenizedExample("pair", pair, False, {})])
    assert [costs_of(cost, rows) for cost in WAYS] == [[4], [10], [7], [6], [4], [10]]


def test_most_candidates_and_most_tokens_go_first():
    row = TokenizedCandidate([1, 2], (1, 2))
    examples = [TokenizedExample(name, (row,) * count, False, {}) for name, count in (("b", 1), ("a", 1), ("c", 2))]
    assert longest_first(examples, [3, 3, 1]) == [2, 1, 0]
