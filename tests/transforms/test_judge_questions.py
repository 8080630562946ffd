"""judge_questions: the better response's slot is the right judgement, whatever slot that is."""

from __future__ import annotations

import math

import pytest

from benchbench.data.derivation import FURTHER
from benchbench.transforms.judge_questions import Options

from .toys import pair, transformed

WORDS = {"question": "{prompt}? {first} / {second}", "judgement": "{better} so {slot}"}


def test_both_orders_by_hand():
    """The better response stands first, then second; the answer is its slot, the wrong judgement is the other one."""
    example = pair("x", "so answer 7 .", "so answer 4 .", gold=(1.0, 0.0), steps=3.0)
    prompt = example.prompt[-1].content
    become, _ = transformed("judge_questions", [example], orders="both", shown_after="answer", **WORDS)
    assert [(e.id, e.prompt[0].content, e.candidates, dict(e.columns)) for e in become] == [
        ("x-1", f"{prompt}? 7 . / 4 .", ("so answer 7 . so 1", "so answer 4 . so 2"), {"steps": 3.0, "answer": 1.0}),
        ("x-2", f"{prompt}? 4 . / 7 .", ("so answer 7 . so 2", "so answer 4 . so 1"), {"steps": 3.0, "answer": 2.0}),
    ]


def test_the_order_is_drawn_for_each_pair():
    become, _ = transformed("judge_questions", [pair(f"e{i}", "a", "b") for i in range(40)], **WORDS)
    slots = [e.columns["answer"] for e in become]
    assert 10 < slots.count(1.0) < 30 and len(become) == 40
    assert all(e.candidates[0] == f"a so {slot:.0f}" for e, slot in zip(become, slots, strict=True))


def test_pairs_may_stay_before_their_questions():
    """For SFT on answers and judgements: the pair has no answer, and the question another id."""
    become, counts = transformed("judge_questions", [pair("x", "a", "b", gold=(1.0, 0.0))], keep_pairs=True, **WORDS)
    kept_pair, question = become
    assert (kept_pair.id, kept_pair.candidates) == ("x", ("a", "b")) and math.isnan(kept_pair.columns["answer"])
    slot = question.columns["answer"]
    assert question.id == f"x-{slot:.0f}" and question.candidates[0] == f"a so {slot:.0f}"
    assert counts.added == {FURTHER: 1}


def test_pairs_that_cannot_be_told_apart_are_dropped_by_reason():
    pairs = [
        pair("same", "1 answer 7", "2 answer 7"),
        pair("none", "no", "answer 7"),
        pair("x", "answer 1", "answer 2"),
    ]
    become, counts = transformed("judge_questions", pairs, shown_after="answer", **WORDS)
    assert [e.id for e in become] == ["x"]
    assert counts.dropped == {"responses look alike": 1, "response without the part that is shown": 1}


def test_a_question_without_a_response_is_refused():
    with pytest.raises(ValueError, match="second"):
        Options(question="{prompt} {first}")
