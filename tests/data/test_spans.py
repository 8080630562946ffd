"""Spans of characters, spans of tokens, and text between markers."""

from __future__ import annotations

import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Example, Message, Span
from benchbench.data.spans import between, candidate_spans, runs, shift_of, token_values
from benchbench.recipe.training import MaskedSpanSection

THINK = MaskedSpanSection(start="<think>", end="</think>")


def test_text_between_markers_is_masked_with_its_markers():
    text = "a <think>b</think> c <think></think>"
    spans, unclosed = between(text, [THINK])
    assert [text[s.start : s.end] for s in spans] == ["<think>b</think>", "<think></think>"] and unclosed == 0
    assert {s.value for s in spans} == {0.0}


def test_a_marker_without_its_end_masks_all_that_follows_and_is_counted():
    assert between("a <think>b <think> c", [THINK]) == ((Span(2, 20, 0.0),), 1)
    assert between("a </think> b", [THINK]) == ((), 0)


def test_markers_may_be_the_same_text():
    assert between("x $a$ y $b$", [MaskedSpanSection(start="$", end="$")]).spans == (Span(2, 5, 0.0), Span(8, 11, 0.0))


def test_holes_of_the_data_and_between_markers_are_both_holes():
    spans = {"mask": ((), (Span(0, 1, 0.0),)), "weight": ((Span(1, 2, 3.0),), ())}
    example = Example("e", (Message("user", "q"),), ("ab", "c<think>d"), spans=spans)
    by_candidate, unclosed = candidate_spans(example, [THINK])
    assert by_candidate == [{"weight": (Span(1, 2, 3.0),)}, {"mask": (Span(0, 1, 0.0), Span(1, 9, 0.0))}]
    assert unclosed == 1


WORDS = [(0, 3), (3, 7), (7, 9)]
"""Tokens of "the cat s": the space in front of a word is part of it."""


@pytest.mark.parametrize(
    ("span", "values"),
    [
        ((0, 3), [5, None, None]),
        ((3, 4), [None, 5, None]),
        ((2, 4), [5, 5, None]),
        ((8, 9), [None, None, 5]),
        ((0, 9), [5, 5, 5]),
    ],
)
def test_a_token_belongs_to_a_span_that_has_one_of_its_characters(span, values):
    assert token_values([Span(span[0], span[1], 5.0)], WORDS) == values


def test_of_two_spans_the_first_has_the_token():
    assert token_values([Span(0, 4, 1.5), Span(4, 6, 2.5)], WORDS) == [1.5, 1.5, None]


def test_white_space_for_which_nothing_is_stated_reaches_back_to_the_token_before():
    """A byte-level tokenizer that trims offsets states (6, 6) for the second of two spaces."""
    trimmed = [(0, 5), (6, 6), (7, 9)]
    assert token_values([Span(0, 6, 0.0)], trimmed) == [0.0, 0.0, None]
    assert token_values([Span(6, 9, 0.0)], trimmed) == [None, None, 0.0]


def test_an_appended_eos_is_in_no_span():
    assert token_values([Span(0, 9, 0.0)], [*WORDS, (9, 9)])[-1] is None


def test_characters_of_several_tokens_are_in_the_span_with_each():
    """Bytes of one character."""
    assert token_values([Span(1, 2, 7.0)], [(0, 1), (1, 2), (1, 2), (1, 2), (2, 3)]) == [None, 7.0, 7.0, 7.0, None]


def test_neighbours_of_one_number_are_one_run():
    assert runs([None, 1.0, 1.0, 2.0, None, 2.0]) == ((1, 3, 1.0), (3, 4, 2.0), (5, 6, 2.0))
    assert runs([]) == runs([None]) == ()


def test_what_a_template_does_at_the_margins_shifts_the_characters():
    assert shift_of("  ab", "ab<|end|>") == -2 and shift_of("ab", "\nab") == 1 and shift_of("ab ", "ab") == 0


def test_a_template_that_rewrites_a_response_with_spans_is_refused():
    with pytest.raises(BenchError, match="expected the template to write a response with spans as it is, found 'four'"):
        shift_of("<think>two and two</think>four", "four")


def test_a_marker_without_a_start_begins_where_the_text_does():
    """One hole, through the first end; without an end it is all of the text, and none is in an empty one."""
    marker = MaskedSpanSection(start=None, end="answer")
    assert between("a answer b answer", [marker]) == (((0, 8, 0),), 0)
    assert between("a", [marker]) == (((0, 1, 0),), 1)
    assert between("", [marker]) == ((), 0)
