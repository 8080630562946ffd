"""Arrays of tokenised examples: every example comes back as it was, whatever it is made of."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.core.example import Example, Message
from benchbench.data.token_rows import TokenRows, entry_of, examples_of, longest_row
from benchbench.data.tokenize import tokenize_examples
from benchbench.data.tokenized import TokenizationReport, Tokenized, TokenizedCandidate, TokenizedExample
from benchbench.store.tokens import TokenEntry

from .tokenizers import section, words

NUMBERS = st.floats(allow_nan=False, width=64)


@st.composite
def candidates(draw: st.DrawFn) -> TokenizedCandidate:
    ids = draw(st.lists(st.integers(0, 2**16 - 1), max_size=12))
    begin = draw(st.integers(0, len(ids)))
    end = draw(st.integers(begin, len(ids)))
    flags = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    runs = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12), NUMBERS), min_size=1, max_size=3).map(tuple)
    holes = draw(st.just(()) | st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=3).map(tuple))
    weights = draw(st.just({}) | st.dictionaries(st.sampled_from(["weight", "other"]), runs))
    prompt = draw(st.none() | st.integers(0, 12))
    return TokenizedCandidate(np.array(ids, np.uint16), (begin, end), *flags, holes, weights, prompt)


@st.composite
def examples(draw: st.DrawFn) -> TokenizedExample:
    rows = draw(st.lists(candidates(), min_size=1, max_size=5))
    column = NUMBERS | st.tuples(*[NUMBERS] * len(rows))
    names = st.text(max_size=5)
    return TokenizedExample(
        draw(st.text()),
        tuple(rows),
        draw(st.booleans()),
        draw(st.dictionaries(names, column, max_size=3)),
        draw(st.sampled_from([None, "too long", "empty"])),
        draw(st.sampled_from([None, ("chosen", "rejected"), ("gold",)])),
    )


def through_a_file(entry: TokenEntry) -> TokenEntry:
    """As the store gives it back: facts through JSON."""
    return TokenEntry(entry.tokens, entry.rows, json.loads(json.dumps(entry.facts)))


@settings(max_examples=60, deadline=None)
@given(st.lists(examples(), max_size=6))
def test_every_example_comes_back_as_it_was(given: list[TokenizedExample]):
    view = examples_of(through_a_file(entry_of(Tokenized(given, TokenizationReport())))).examples
    assert len(view) == len(given) and list(view) == given
    for before, after in zip(given, view, strict=True):
        assert list(before.columns) == list(after.columns), "tables show columns in their order"
        assert all(type(begin) is type(end) is int for begin, end in (c.response for c in after.candidates))
        assert {type(row.truncated) for row in after.candidates} | {type(after.identical)} == {bool}


TEXTS = st.sampled_from(["the cat", "a dog", "", " the dog ", "one two three four five six seven eight ."])


@settings(max_examples=30, deadline=None)
@given(
    texts=st.lists(st.lists(TEXTS, min_size=1, max_size=4), max_size=6),
    limit=st.integers(3, 16),
    truncation=st.sampled_from(["left", "right", "drop"]),
    mask=st.sampled_from(["exact", "untruncated_prompt"]),
    keep_all=st.booleans(),
)
def test_what_was_tokenised_comes_back_with_its_report(
    texts: list[list[str]], limit: int, truncation: str, mask: str, keep_all: bool
):
    given = [
        Example(
            str(i), (Message("user", "the mat"),), tuple(row), tuple(map(float, range(len(row)))), columns={"gold": 0.5}
        )
        for i, row in enumerate(texts)
    ]
    way = section(max_length=limit, truncation=truncation, overlong_mask=mask)
    tokenized = tokenize_examples(given, words(), way, on_empty="drop", keep_all=keep_all)
    again = examples_of(through_a_file(entry_of(tokenized)))
    assert again.report == tokenized.report and list(again.examples) == list(tokenized.examples)
    assert again.report.prompt_tokens.mean == tokenized.report.prompt_tokens.mean
    entry = entry_of(tokenized)
    assert entry.tokens.dtype == np.uint16, "the vocabulary is small"


def row(name: str, *lengths: int) -> TokenizedExample:
    made = tuple(TokenizedCandidate(tuple(range(length)), (0, length)) for length in lengths)
    return TokenizedExample(name, made, False, {})


ROWS = [row("a", 1, 2), row("b", 7), row("c", 3, 7, 1), row("d", 0, 2)]


def view(given: list[TokenizedExample]) -> TokenRows:
    made = examples_of(entry_of(Tokenized(given, TokenizationReport()))).examples
    assert isinstance(made, TokenRows)
    return made


def test_a_view_is_a_sequence():
    rows = view(ROWS)
    assert rows[1] == ROWS[1] and rows[-1] == ROWS[-1] and rows[np.int64(2)] == ROWS[2]
    assert rows[1:3] == tuple(ROWS[1:3]) and rows[::-2] == tuple(ROWS[::-2]) and rows[:99] == tuple(ROWS)
    assert list(reversed(rows)) == ROWS[::-1] and sorted(rows, key=lambda e: e.id) == ROWS
    for outside in (4, -5):
        with pytest.raises(IndexError, match=f"example {outside} of 4"):
            rows[outside]
    assert not view([])


def test_ids_are_no_copies():
    entry = entry_of(Tokenized(ROWS, TokenizationReport()))
    tokens = examples_of(entry).examples[0].candidates[1].tokens
    assert isinstance(tokens, np.ndarray) and np.shares_memory(tokens, entry.tokens)


def test_a_large_vocabulary_takes_more_bytes():
    wide = TokenizedExample("a", (TokenizedCandidate(np.array([70_000], np.uint32), (0, 1)),), False, {})
    assert entry_of(Tokenized([wide], TokenizationReport())).tokens.dtype == np.uint32
    assert list(view([wide])) == [wide]


def test_the_longest_row_of_all_is_that_of_the_first_example_that_has_one():
    assert longest_row(ROWS) == longest_row(view(ROWS)) == ("b", 7)
    assert longest_row(ROWS[2:]) == longest_row(view(ROWS[2:])) == ("c", 7)
    for none in ([], view([])):
        with pytest.raises(ValueError, match="empty"):
            longest_row(none)


def test_an_entry_without_roles_and_spans_is_what_it_always_was():
    """So that entries of earlier versions are read, and entries of this one by them, as the same examples."""
    entry = entry_of(Tokenized(ROWS, TokenizationReport()))
    names = ("candidate_ends", "token_ends", "response", "flags", "identical", "spared", "ids", "id_ends")
    assert set(entry.rows) == {*names, "layout", "values", "value_ends"}
    assert set(entry.facts) == {"report", "layouts", "reasons"}


def test_a_report_of_an_earlier_version_is_read():
    report = TokenizationReport().as_json()
    for later in ("masked", "empty_after_masking", "unclosed_spans"):
        del report[later]
    assert TokenizationReport.from_json(report) == TokenizationReport()
