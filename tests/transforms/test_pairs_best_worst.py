"""pairs_best_worst."""

from __future__ import annotations

import math

import pytest

from benchbench import transforms

from .toys import pair, several, texts, transformed


def test_by_hand():
    """5 against 1; a tie of all and a missing score make no pair; of two best the first."""
    examples = [several("x", (1, 5, 3)), several("y", (2, 2)), several("z", (1, math.nan)), several("w", (1, 4, 4))]
    become, counts = transformed("pairs_best_worst", examples)
    assert texts(become) == [("b", "a"), ("b", "a")]
    assert become[0].ratings == (5, 1) and become[0].id == "x"
    assert counts.dropped == {"all scores equal": 1, "score missing": 1}


def test_what_belongs_to_a_candidate_goes_with_it_and_another_column_may_decide():
    (become,), _ = transformed("pairs_best_worst", [several("x", (1, 2, 3), gold=(7.0, 0.0, 5.0))], score="gold")
    assert become.columns == {"gold": (7.0, 0.0)} and become.candidates == ("a", "b") and become.ratings == (1, 2)


def test_a_gap_that_is_too_small_makes_no_pair():
    _, counts = transformed("pairs_best_worst", [several("x", (1, 2))], min_gap=1.5)
    assert counts.dropped == {"scores closer than min_gap": 1}
    assert transformed("pairs_best_worst", [several("x", (1, 2.5))], min_gap=1.5)[0]


def test_a_pair_that_is_exchanged_has_the_other_probability():
    (become,), _ = transformed("pairs_best_worst", [pair("x", p_chosen=0.2, gold=(0.0, 1.0))], score="gold")
    assert become.columns["p_chosen"] == 0.8


def test_a_gap_below_0_is_refused():
    with pytest.raises(ValueError, match="min_gap: expected"):
        transforms.get("pairs_best_worst").options(min_gap=-1)
