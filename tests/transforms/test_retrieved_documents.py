"""retrieved_documents."""

from __future__ import annotations

import pytest

from benchbench import transforms

from .toys import pair, transformed

EXAMPLES = [pair("x", "red apple pie", "stone"), pair("y", "blue sky", "mud")]
DOCUMENTS = {"x": ("red apple", "blue sky"), "y": ("blue sky", "red apple")}
"""Of two words each: that of the example itself, and that of the other."""


@pytest.mark.parametrize("aspect", ["informativeness", "robustness", "citation"])
def test_each_stage_has_the_same_documents_and_its_own_fault_in_the_rejected_response(aspect: str):
    become, counts = transformed("retrieved_documents", EXAMPLES, aspect=aspect, words=2, citation="[{n}]")
    assert not counts.dropped
    for before, example in zip(EXAMPLES, become, strict=True):
        own_document, other_document = DOCUMENTS[before.id]
        first, second, blank, question = example.prompt[0].content.split("\n")
        assert (blank, question) == ("", before.prompt[0].content)
        golden = 1 if first == f"1 : {own_document}" else 2
        assert {first[4:], second[4:]} == {own_document, other_document} and second.startswith("2 : ")
        right = before.candidates[0]
        expected = {
            "informativeness": before.candidates,
            "robustness": (right, "blue sky" if before.id == "x" else "red apple pie"),
            "citation": (f"{right} [{golden}]", f"{right} [{3 - golden}]"),
        }
        assert example.candidates == expected[aspect]


def test_where_every_response_is_the_same_there_is_no_other_document():
    become, counts = transformed("retrieved_documents", [pair("x", "a", "b"), pair("y", "a", "c")])
    assert not become and counts.dropped == {"no other document": 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"aspect": "style"}, "aspect: expected one of its three"),
        ({"words": 0}, "words: expected 1 or more, got 0"),
        ({"citation": "[1]"}, "citation: expected a text with {n}"),
    ],
)
def test_options_that_say_nothing_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        transforms.get("retrieved_documents").options(**options)
