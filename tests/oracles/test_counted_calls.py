"""counted_calls."""

from __future__ import annotations

from dataclasses import replace

from .toys import group, labelled


def test_the_calls_that_were_answered_stand_beside_whether_the_answer_is_right():
    texts = group("it is 42", "it is 41", "42", answer=42.0)
    observed = ((), ((1, 2), (3, 4)), ((0, 1),))
    pairs = zip(texts.responses, observed, strict=True)
    called = replace(texts, responses=tuple(response._replace(observed=ranges) for response, ranges in pairs))
    (labels,) = labelled("counted_calls", [called])
    assert labels.columns == {"calls": (0.0, 2.0, 1.0), "correct": (1.0, 0.0, 1.0)}
    assert labels.scores == (1.0, 0.0, 1.0)
