"""ensemble_labels."""

from __future__ import annotations

import math

from .toys import pair, texts, transformed


def test_by_hand():
    """Margins 3, -2, 0.1, 1, 2: a fifth of five is flipped (-2), the next fifth softened (0.1), the rest trusted."""
    margins = (3.0, -2.0, 0.1, 1.0, 2.0)
    become, counts = transformed("ensemble_labels", [pair(f"x{i}", margin_mean=m) for i, m in enumerate(margins)])
    assert texts(become)[1] == ("bad", "good") and set(texts(become)[:1] + texts(become)[2:]) == {("good", "bad")}
    assert [e.columns["p_chosen"] for e in become] == [1.0, 1.0, 0.9, 1.0, 1.0]
    assert [e.columns["margin"] for e in become] == [3.0, 0.0, 0.0, 1.0, 2.0]
    assert counts.changed == {"label flipped": 1, "label softened": 1}


def test_planted_flips_with_negative_margins_are_put_right():
    examples = [pair(f"x{i}", margin_mean=-1.0 if i < 2 else 1.0) for i in range(10)]
    become, _ = transformed("ensemble_labels", examples, soft_fraction=0.0)
    assert texts(become) == [("bad", "good")] * 2 + [("good", "bad")] * 8


def test_a_missing_margin_is_counted():
    assert transformed("ensemble_labels", [pair("x", margin_mean=math.nan)])[1].dropped == {"margin missing": 1}
