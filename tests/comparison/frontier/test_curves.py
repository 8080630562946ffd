"""Curves over KL: interpolation of every seed, worked by hand and as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from benchbench.comparison.frontier.curves import Curve, Point, weights_at

KLS = st.lists(st.floats(0, 20, allow_nan=False).map(lambda x: round(x, 3)), min_size=1, max_size=6)


def point(name: str, kl: list[float], values: list[float], n: int = 4) -> Point:
    """Every prompt of a seed has the seed's KL and value."""
    return Point(name, np.repeat(np.array(kl)[:, None], n, axis=1), np.repeat(np.array(values)[:, None], n, axis=1))


def test_between_two_points_the_value_is_on_their_line_at_each_seed():
    """Seed 1 goes from KL 0 to 2 (value 0 to 1), seed 2 from 1 to 2 (0.4 to 0.8): at 1.5 they have 0.75 and 0.6."""
    curve = Curve("dpo", [point("a", [0, 1], [0, 0.4]), point("b", [2, 2], [1, 0.8])])
    assert curve.shared_range == (1, 2)
    assert curve.at(1.5).mean(axis=1) == pytest.approx([0.75, 0.6])
    assert curve.reaches(1) and curve.reaches(2) and not curve.reaches(0.99)
    with pytest.raises(ValueError, match="within those of the points"):
        curve.at(0.5)


def test_points_of_equal_kl_count_as_one_with_their_mean():
    assert weights_at(np.array([1.0, 1.0, 3.0]), 1.0).tolist() == [0.5, 0.5, 0]
    assert weights_at(np.array([1.0, 1.0, 3.0]), 2.0).tolist() == [0.25, 0.25, 0.5]


def test_seeds_that_share_no_kl_reach_none():
    curve = Curve("dpo", [point("a", [0, 5], [0, 0]), point("b", [1, 6], [1, 1])])
    assert curve.shared_range == (5, 1)
    assert not any(curve.reaches(kl) for kl in (0.5, 1, 3, 5, 5.5))


@given(KLS, st.floats(0, 1))
def test_weights_are_shares_that_meet_the_kl(kls, share):
    kl = np.array(kls)
    at = float(kl.min() + share * (kl.max() - kl.min()))
    assume(at <= kl.max())
    weights = weights_at(kl, at)
    assert weights.min() >= 0 and weights.sum() == pytest.approx(1)
    assert weights @ kl == pytest.approx(at, abs=1e-9)
    used = np.sort(np.unique(kl[weights > 1e-12]))
    assert len(used) <= 2 and (len(used) < 2 or not ((kl > used[0]) & (kl < used[1])).any())


@given(KLS, st.floats(0, 1), st.randoms())
def test_the_order_of_points_says_nothing(kls, share, random):
    kl = np.array(kls)
    at = min(float(kl.min() + share * (kl.max() - kl.min())), float(kl.max()))
    order = list(range(len(kl)))
    random.shuffle(order)
    assert weights_at(kl[order], at) == pytest.approx(weights_at(kl, at)[order])


@given(KLS, st.floats(-3, 3), st.floats(-3, 3), st.floats(0, 1))
def test_a_straight_line_is_met_exactly(kls, slope, level, share):
    kl = np.array(kls)
    at = min(float(kl.min() + share * (kl.max() - kl.min())), float(kl.max()))
    curve = Curve("c", [point(str(p), [x], [level + slope * x]) for p, x in enumerate(kl)])
    assert curve.at(at) == pytest.approx(np.full((1, 4), level + slope * at), abs=1e-9)


@given(KLS, st.integers(0, 5))
def test_at_a_point_the_curve_is_the_point(kls, which):
    kl = np.unique(np.array(kls))
    place = which % len(kl)
    values = np.random.default_rng(0).random((len(kl), 4))
    curve = Curve("c", [Point(str(p), np.full((1, 4), x), values[p][None]) for p, x in enumerate(kl)])
    assert curve.at(float(curve.points[place].kl_of_seeds[0]))[0] == pytest.approx(values[place])


def test_a_point_has_the_same_seeds_and_prompts_of_both_and_finite_numbers():
    with pytest.raises(ValueError, match=r"expected \[k, n\]"):
        Point("a", np.zeros((1, 2)), np.zeros((1, 3)))
    with pytest.raises(ValueError, match="finite"):
        Point("a", np.zeros((1, 2)), np.array([[0, np.nan]]))
