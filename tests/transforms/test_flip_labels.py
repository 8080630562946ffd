"""flip_labels."""

from __future__ import annotations

import pytest

from benchbench import transforms

from .toys import ids, pair, texts, transformed

EXAMPLES = [pair(f"x{i}", p_chosen=0.9) for i in range(1000)]


def flipped(rate: float) -> set[str]:
    become, counts = transformed("flip_labels", EXAMPLES, rate=rate)
    flips = {example.id for example in become if example.columns["flipped"]}
    assert counts.changed.get("label flipped", 0) == len(flips)
    return flips


def test_all_none_and_the_share_between():
    """At 0.2, 200 of 1000 with a standard deviation of 12.6; a higher rate flips the same pairs and more."""
    assert flipped(0.0) == set() and len(flipped(1.0)) == 1000
    assert abs(len(flipped(0.2)) - 200) < 60
    assert flipped(0.1) < flipped(0.2)


def test_by_hand():
    become, _ = transformed("flip_labels", EXAMPLES[:1], rate=1.0)
    assert texts(become) == [("bad", "good")] and ids(become) == ["x0"]
    assert become[0].columns == {"p_chosen": pytest.approx(0.1), "flipped": 1.0}


def test_a_rate_that_is_none_is_refused():
    with pytest.raises(ValueError, match="rate: expected"):
        transforms.get("flip_labels").options(rate=1.5)
