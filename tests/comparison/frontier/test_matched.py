"""Rows at equal KL: differences paired by seed and prompt, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.comparison.frontier.curves import Curve, Point
from benchbench.comparison.frontier.matched import at_kl
from benchbench.comparison.stats.bounded import difference_of_rates
from benchbench.core.errors import BenchError

SEEDS = (13, 42, 3407)


def curve(
    name: str, *, low: float = 0.0, high: float = 2.0, gain: float = 0.0, rng_seed: int = 0, n: int = 60
) -> Curve:
    """Two points whose win rates are drawn around 0.5 and 0.6, with a gain at both."""
    rng = np.random.default_rng(rng_seed)
    points = []
    for kl, rate in ((low, 0.5 + gain), (high, 0.6 + gain)):
        wins = (rng.random((len(SEEDS), n)) < rate).astype(float)
        points.append(Point(f"{name}{kl:g}", np.full(wins.shape, kl), wins))
    return Curve(name, points)


def test_at_a_point_the_comparison_is_that_of_the_points():
    first, second = curve("dpo"), curve("ipo", gain=0.2, rng_seed=1)
    rows = at_kl([first, second], 2.0, seeds=SEEDS, baseline="dpo", is_rate=True)
    expected = difference_of_rates(second.points[1].values - first.points[1].values)
    assert rows[0].difference is None and math.isnan(rows[0].p_holm)
    found = rows[1].difference
    assert found is not None
    assert (found.mean, found.low, found.high, found.p) == pytest.approx(
        (expected.mean, expected.low, expected.high, expected.p)
    )
    assert rows[1].p_holm == pytest.approx(expected.p)
    assert rows[1].values == pytest.approx(second.points[1].values.mean(axis=1))


def test_half_way_the_values_are_half_way_and_rates_stay_within_their_range():
    (row,) = at_kl([curve("dpo")], 1.0, seeds=SEEDS, baseline="dpo", is_rate=True)
    points = curve("dpo").points
    halves = (points[0].values + points[1].values) / 2
    assert row.values == pytest.approx(halves.mean(axis=1))
    assert 0 <= row.mean.low <= row.mean.mean <= row.mean.high <= 1


def test_holm_corrects_over_the_rows_against_the_baseline():
    curves = [curve(name, gain=gain, rng_seed=k) for k, (name, gain) in enumerate([("a", 0), ("b", 0.3), ("c", 0.25)])]
    rows = at_kl(curves, 1.0, seeds=SEEDS, baseline="a", is_rate=True)
    for row in rows[1:]:
        assert row.difference is not None and row.p_holm >= row.difference.p


def test_a_kl_beyond_a_curve_is_refused_with_every_range():
    with pytest.raises(BenchError) as refused:
        at_kl([curve("dpo"), curve("ipo", low=1.0, high=4.0)], 3.0, seeds=SEEDS, baseline="dpo", is_rate=True)
    assert str(refused.value) == (
        "--at kl=3: expected a KL that every seed of every curve reaches; give a KL from 1 to 2: 2 problems\n"
        "  dpo: its 3 seeds share 0 to 2 nats per response\n"
        "  ipo: its 3 seeds share 1 to 4 nats per response"
    )
    with pytest.raises(BenchError, match="no KL is reached by all"):
        at_kl([curve("dpo"), curve("ipo", low=3, high=4)], 3.0, seeds=SEEDS, baseline="dpo", is_rate=True)


def test_seeds_that_share_no_kl_are_named_one_by_one():
    apart = Curve("dpo", [Point("a", np.array([[0.0], [5.0]]), np.zeros((2, 1)))])
    with pytest.raises(BenchError, match="its seeds share no KL: 0 to 0, 5 to 5"):
        at_kl([apart], 1.0, seeds=(1, 2), baseline="dpo", is_rate=True)


def test_copies_of_one_run_count_once():
    rows = at_kl(
        [curve("a"), curve("b", rng_seed=1)],
        1.0,
        seeds=SEEDS,
        baseline="a",
        is_rate=False,
        runs={"a": [1, 1, 1], "b": [1, 1, 1]},
    )
    assert rows[1].difference is not None and rows[1].difference.one_run
    assert math.isnan(rows[1].p_holm)


@given(st.floats(0, 2), st.integers(0, 5))
def test_swapping_the_baseline_turns_the_difference_around(kl, rng_seed):
    both = [curve("a", rng_seed=rng_seed), curve("b", gain=0.1, rng_seed=rng_seed + 10)]
    there = at_kl(both, kl, seeds=SEEDS, baseline="a", is_rate=False)[1].difference
    back = at_kl(both, kl, seeds=SEEDS, baseline="b", is_rate=False)[0].difference
    assert there is not None and back is not None
    assert (there.mean, there.low, there.high) == pytest.approx((-back.mean, -back.high, -back.low))
