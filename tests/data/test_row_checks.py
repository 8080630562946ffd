"""Checks of one split, on rows worked by hand."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.core.example import Example, Message
from benchbench.data.near_duplicates import conversation_text, shingles
from benchbench.data.row_checks import longer_preferred, row_findings

LONG = " ".join(f"w{place}" for place in range(60))


def example(name: str, prompt: str, *texts: str, ratings=None, label=None) -> Example:
    return Example(name, (Message("user", prompt),), texts, ratings=ratings, label=label)


def ids(examples: Sequence[Example]) -> dict[str, tuple[str, ...]]:
    """Check -> ids of the examples it is about, of checks with any."""
    findings = row_findings("train", examples, [shingles(conversation_text(e.prompt)) for e in examples])
    assert all(each.where == "train" and each.total == len(examples) for each in findings)
    return {each.check: each.examples for each in findings if each.count}


def test_clean_rows_have_no_finding():
    assert ids([example("a", "why?", "since", "no"), example("b", "where?", "here", "there")]) == {}


def test_repeats_are_told_apart_from_contradictions():
    rows = [
        example("a", "why?", "since", "no"),
        example("b", "why? ", "since", " no"),
        example("c", "why?", "no", "since"),
        example("d", "why?", "other", "no"),
    ]
    assert ids(rows) == {
        "repeated_examples": ("b",),
        "contradicting_labels": ("c",),
        "repeated_prompts": ("b", "c", "d"),
    }


def test_two_labels_of_one_response_contradict_each_other():
    rows = [example("a", "why?", "since", label=True), example("b", "why?", "since", label=False)]
    assert ids(rows)["contradicting_labels"] == ("b",)


def test_prompts_that_are_nearly_the_same_are_named_with_the_one_they_are_near_to():
    rows = [example("a", LONG, "x", "y"), example("b", f"{LONG} more", "x", "y"), example("c", LONG.upper(), "x", "y")]
    findings = row_findings("train", rows, [shingles(conversation_text(e.prompt)) for e in rows])
    (near,) = [each for each in findings if each.check == "near_repeated_prompts"]
    assert near.examples == ("b", "c")
    assert near.detail == "b to a (0.98), c to a (1.00)", "56 runs of five words of 57"


def test_identical_empty_and_tied_sides():
    rows = [
        example("a", "1?", "same", " same "),
        example("b", "2?", "", "text"),
        example("c", "3?", "x", "y", ratings=(4.0, 4.0)),
        example("d", "4?", "x", "y", "z", ratings=(4.0, 3.0, 3.0)),
        example("e", "5?", "x", "y", ratings=(4.0, float("nan"))),
    ]
    assert ids(rows) == {"identical_candidates": ("a",), "empty_responses": ("b",), "tied_scores": ("c",)}


def test_who_is_longer_is_asked_of_pairs_with_an_order_and_two_lengths():
    rows = [
        example("a", "1?", "longer", "short"),
        example("b", "2?", "short", "longer"),
        example("c", "2?", "longest", "between", "x"),
        example("d", "3?", "same", "as it"[:4]),
        example("e", "4?", "tied one", "tied", ratings=(1.0, 1.0)),
        example("f", "5?", "equal", "equal"),
        example("g", "6?", "alone"),
    ]
    longer = longer_preferred(rows)
    assert longer is not None
    assert longer.ids == ("a", "b", "c") and longer.is_preferred == (True, False, True)
    assert longer.prompts[1] == longer.prompts[2] != longer.prompts[0]
    assert (longer.as_long, longer.tied) == (1, 1)
    assert longer_preferred([example("g", "6?", "alone")]) is None
