"""Every token of an example and what becomes of it; the kept ones are exactly the row that training reads."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.core.errors import BenchError
from benchbench.core.example import Example, Message, Span
from benchbench.data.reading import CUT, MASKED, READ, SCORED, ReadCandidate, read_example, token_texts
from benchbench.data.tokenize import OVER_LENGTH, tokenize_examples
from benchbench.recipe.training import MaskedSpanSection

from .tokenizers import CHATML, bytes_with, section, words


def pair(prompt: str, *candidates: str, **more) -> Example:
    return Example("e", (Message("user", prompt),), candidates, **more)


def fates(candidate: ReadCandidate) -> str:
    """One letter per token: r(ead), s(cored), m(asked), c(ut)."""
    letters = {READ: "r", SCORED: "s", MASKED: "m", CUT: "c"}
    return "".join(letters[token.fate] for token in candidate.tokens)


def read(example: Example, on_empty="drop", tokenizer=None, **changes):
    return read_example(example, tokenizer or words(), section(**changes), on_empty=on_empty)


LONG = pair("the cat and the dog sat on the mat", "one two three four", "one")
"""11 prompt tokens with the marks; 5 and 2 of the responses with EOS."""


@pytest.mark.parametrize(
    ("changes", "first", "second"),
    [
        ({}, "r" * 11 + "s" * 5, "r" * 11 + "s" * 2),
        ({"max_length": 14}, "r" * 11 + "sss" + "cc", "r" * 11 + "ss"),
        ({"max_length": 14, "truncation": "left"}, "cc" + "r" * 9 + "s" * 5, "r" * 11 + "ss"),
        ({"max_length": 14, "truncation": "drop"}, "r" * 11 + "mmm" + "cc", "r" * 11 + "ss"),
        ({"scored": "all"}, "r" + "s" * 15, "r" + "s" * 12),
    ],
    ids=["whole", "right", "left", "drop", "all"],
)
def test_what_becomes_of_each_token(changes: dict[str, object], first: str, second: str):
    shown = read(LONG, **changes)
    assert [fates(candidate) for candidate in shown.candidates] == [first, second]


@pytest.mark.parametrize("truncation", ["right", "left", "drop"])
def test_kept_and_scored_tokens_are_those_that_training_reads(truncation: str):
    """Against the row of `tokenize_examples`, with holes and weights."""
    spans = {"mask": ((Span(4, 7, 0.0),), ()), "weight": ((Span(8, 13, 0.5),), ())}
    example = pair("the cat and the dog", "one two three four", "one", spans=spans)
    for length in (6, 9, 12, 64):
        changes = {"max_length": length, "truncation": truncation}
        row = tokenize_examples([example], words(), section(**changes), on_empty="drop", keep_all=True).examples[0]
        for told, candidate in zip(read(example, **changes).candidates, row.candidates, strict=True):
            kept = [token for token in told.tokens if token.fate != CUT]
            assert np.array_equal([token.id for token in kept], candidate.tokens)
            holes = {place for start, stop in candidate.holes for place in range(start, stop)}
            scored = [k for k in range(*candidate.response) if k not in holes]
            assert [k for k, token in enumerate(kept) if token.fate == SCORED] == scored
            weighed = {k for start, stop, _ in candidate.weights.get("weight", ()) for k in range(start, stop)}
            assert {k for k, token in enumerate(kept) if token.weights} == weighed


def test_holes_are_read_and_not_scored():
    marker = MaskedSpanSection(start="two", end="three")
    shown = read(pair("the cat", "one two three four", "one"), masked_spans=(marker,))
    assert fates(shown.candidates[0]) == "rrrr" + "smmss"
    assert [t.text for t in shown.candidates[0].tokens if t.fate == MASKED] == [" two", " three"]


def test_why_training_leaves_an_example_out():
    assert read(LONG, max_length=14, truncation="drop").left_out == OVER_LENGTH
    assert read(LONG).left_out == read(LONG).refused == ""
    assert read(LONG, max_length=11, on_empty="keep_constant").left_out == ""


def test_what_the_settings_refuse_is_shown_with_the_refusal():
    shown = read(LONG, max_length=14, truncation="error")
    assert shown.refused == (
        "example e: 16 tokens, more than max_length 14; raise it, or choose truncation right, left or drop"
    )
    assert fates(shown.candidates[0]).endswith("cc")
    shown = read(LONG, max_length=11, on_empty="error")
    assert "choose on_empty_response" in shown.refused and "s" not in fates(shown.candidates[0])
    with pytest.raises(BenchError, match="no BOS"):
        read(LONG, add_bos=True)


def test_a_chat_template_is_rendered_and_its_end_of_turn_is_scored():
    tokenizer = bytes_with(chat_template=CHATML)
    shown = read(pair("ab", "abab", "ab"), tokenizer=tokenizer, template=None)
    candidate = shown.candidates[0]
    assert candidate.prompt == "<|im_start|>user\nab<|im_end|>\n<|im_start|>assistant\n"
    assert candidate.response == "abab<|im_end|>\n"
    assert candidate.tokens[-1].text == "<|endoftext|>" and candidate.tokens[-1].fate == SCORED
    texts = "".join(token.text for token in candidate.tokens)
    assert texts == candidate.prompt + candidate.response + "<|endoftext|>"


def test_a_part_of_a_character_is_told_by_the_tokenizers_name_for_it():
    """An e with an acute accent is two bytes, c3 and a9, each a token of its own."""
    tokenizer = bytes_with()
    ids = tokenizer("a\u00e9", add_special_tokens=False)["input_ids"]
    assert token_texts(tokenizer, ids) == ["a", *tokenizer.convert_ids_to_tokens(ids[1:])]
    assert token_texts(words(), words()("the cat", add_special_tokens=False)["input_ids"])[1] == " cat"
    assert token_texts(tokenizer, []) == []
