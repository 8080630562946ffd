"""soft_labels."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from .toys import pair, transformed


def p(gap: float, **options) -> float:
    (become,), _ = transformed("soft_labels", [replace(pair("x"), ratings=(gap, 0.0))], **options)
    value = become.columns["p_chosen"]
    assert isinstance(value, float)
    return value


def test_by_hand():
    """A gap of log 3 is three to one; at temperature 2 a gap of 2 log 3 is; smoothing 0.1 takes 0.75 to 0.7."""
    assert p(math.log(3)) == pytest.approx(0.75, rel=1e-12)
    assert p(2 * math.log(3), temperature=2.0) == pytest.approx(0.75, rel=1e-12)
    assert p(math.log(3), smoothing=0.1) == pytest.approx(0.7, rel=1e-12)
    assert p(-1e6) == 0.0 and p(1e6) == 1.0


def test_scores_against_the_order_are_counted_and_the_order_stays():
    (become,), counts = transformed("soft_labels", [pair("x", gold=(0.0, 1.0))], score="gold")
    assert become.candidates == ("good", "bad")
    assert counts.changed == {"p_chosen below one half, order kept": 1}
