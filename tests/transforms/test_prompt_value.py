"""prompt_value."""

from __future__ import annotations

import math

from .toys import several, transformed


def test_by_hand():
    """(3 + 1 + 3 + 2) / 4."""
    (become,), _ = transformed("prompt_value", [several("x", (3, 1, 3, 2))])
    assert become.columns["value"] == 2.25


def test_an_example_without_one_of_the_scores_has_no_value():
    become, counts = transformed("prompt_value", [several("x", (3, math.nan, 1))])
    assert not become and counts.dropped == {"score missing": 1}
