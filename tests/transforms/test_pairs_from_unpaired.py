"""pairs_from_unpaired."""

from __future__ import annotations

from dataclasses import replace

from benchbench.core.example import Message, Span

from .toys import ids, labelled, pair, texts, transformed


def test_by_hand():
    """Of q: two up, one down, so one pair and one up alone; of r: one down alone."""
    examples = [
        labelled("d", "q", "bad", False, user=2.0),
        labelled("u", "q", "good", True, user=1.0),
        labelled("v", "q", "fine", True),
        labelled("w", "r", "poor", False),
    ]
    become, counts = transformed("pairs_from_unpaired", examples)
    assert texts(become) == [("good", "bad")] and ids(become) == ["u"]
    assert become[0].label is None and become[0].columns == {"user": 1.0}
    assert counts.dropped == {
        "joined with its partner into one pair": 1,
        "no partner of the other label (label true)": 1,
        "no partner of the other label (label false)": 1,
    }


def test_spans_and_prompts_of_either_response_are_joined():
    """Of a pair that was taken apart the same pair comes back, and spans of one side alone leave the other bare."""
    asked = tuple((Message("user", text),) for text in ("first?", "second?"))
    spans = {"mask": ((Span(0, 2, 0.0),), (Span(1, 3, 0.0),))}
    whole = replace(pair("x"), prompts=asked, spans=spans, roles=("chosen", "rejected"))
    apart, _ = transformed("unpaired_from_pairs", [whole])
    (again,), _ = transformed("pairs_from_unpaired", apart)
    assert again == replace(whole, roles=None)
    up, down = labelled("u", "q", "good", True), labelled("d", "q", "bad", False)
    (joined,), _ = transformed("pairs_from_unpaired", [up, replace(down, spans={"mask": ((Span(0, 1, 0.0),),)})])
    assert joined.spans == {"mask": ((), (Span(0, 1, 0.0),))} and joined.prompts is None
