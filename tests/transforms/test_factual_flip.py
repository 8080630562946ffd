"""factual_flip."""

from __future__ import annotations

import math

from .toys import pair, texts, transformed


def test_the_truth_table():
    """(h_chosen, h_rejected): only (1, 0) flips; afterwards h_rejected - h_chosen is 0 or 1."""
    table = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0), (math.nan, 0.0), (0.5, 0.0)]
    become, counts = transformed("factual_flip", [pair(f"x{i}", violation=h) for i, h in enumerate(table)])
    assert texts(become) == [("good", "bad")] * 2 + [("bad", "good"), ("good", "bad")]
    assert [example.columns["violation"] for example in become] == [(0, 0), (0, 1), (0, 1), (1, 1)]
    assert counts.dropped == {"violation missing": 1, "violation neither 0 nor 1": 1}
    assert counts.changed == {
        "chosen violated the facts alone, pair flipped": 1,
        "only the rejected response violates the facts": 2,
    }
