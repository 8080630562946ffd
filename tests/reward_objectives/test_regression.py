"""Regression of a rating."""

from __future__ import annotations

import pytest

from benchbench.reward_objectives.regression import Hyper, loss

from .toys import column, rewards


def test_by_hand():
    """regression: ratings 4 and 1 are rewards (4 - 3) / 2 and -1: errors 1.5 and 0, squares averaged to 1.125."""
    scores = rewards([2.0, -1.0], columns={"score": column([4.0, 1.0])})
    assert loss(scores, Hyper(scale=0.5, shift=3.0)).tolist() == pytest.approx([1.125])


def test_any_number_of_candidates_is_averaged():
    scores = rewards([1.0, 2.0, 3.0, 4.0], columns={"score": column([1.0, 2.0, 3.0, 6.0])})
    assert loss(scores, Hyper()).tolist() == [1.0]


@pytest.mark.parametrize(("name", "value"), [("scale", 0.0), ("scale", -1.0), ("shift", float("inf"))])
def test_a_scale_or_shift_out_of_range_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}: expected a finite number"):
        Hyper(**{name: value})
