"""P-values of a family: the moderated seeds against draws and by hand, and how often a table is wrong."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchbench.comparison.stats.bounded import rate_interval
from benchbench.comparison.stats.families import SeedPrior, holm_of_family, moderated_p, seed_prior
from benchbench.comparison.stats.intervals import Interval, Spread, crossed_interval
from benchbench.comparison.stats.significance import holm

from ..error_rates import family_wise


def interval(seed: int, *, k: int = 3, n: int = 40, noise: float = 0.2) -> Interval:
    """Of a difference of 0.1, with effects of seeds and prompts."""
    rng = np.random.default_rng(seed)
    return crossed_interval(
        0.1 + rng.normal(0, noise, (k, 1)) + rng.normal(0, 0.1, (1, n)) + rng.normal(0, 0.2, (k, n))
    )


def spreads(mean_squares: np.ndarray, k: int) -> list[Spread]:
    return [Spread(seeds=float(value), prompts=1.0, residual=0.1, k=k, n=50) for value in mean_squares]


@pytest.mark.parametrize(("scale", "df", "k"), [(2.0, 4.0, 3), (0.01, 10.0, 5), (7.0, 1.5, 10)])
def test_the_prior_is_that_of_the_draws(scale: float, df: float, k: int):
    """A mean square is scale * F(k - 1, df) where variances are scaled inverse chi-square with that many degrees."""
    places = (np.arange(40_000) + 0.5) / 40_000
    prior = seed_prior(spreads(scale * stats.f.ppf(places, k - 1, df), k))
    assert prior is not None
    assert (prior.mean_square, prior.df) == pytest.approx((scale, df), rel=0.02)


def test_rows_that_differ_by_chance_alone_have_one_variance():
    places = (np.arange(1000) + 0.5) / 1000
    prior = seed_prior(spreads(3.0 * stats.chi2.ppf(places, 2) / 2, 3))
    assert prior is not None and prior.df > 500 and prior.mean_square == pytest.approx(3.0, rel=0.02)
    assert seed_prior(spreads(np.full(5, 0.5), 3)) == SeedPrior(pytest.approx(0.5 * math.exp(np.euler_gamma)), math.inf)


def test_a_moderated_row_by_hand():
    """(4 * 2 + 2 * 0.5) / 6 = 1.5 with 6 degrees of freedom."""
    assert SeedPrior(2.0, 4.0).moderated(0.5, 2) == (1.5, 6.0)
    assert SeedPrior(2.0, math.inf).moderated(0.5, 2) == (2.0, math.inf)


def test_the_moderated_test_is_the_crossed_t_with_another_mean_square():
    family = [interval(seed) for seed in range(6)]
    prior = seed_prior([row.spread for row in family if isinstance(row.spread, Spread)])
    assert prior is not None
    for row, p in zip(family, moderated_p([row.p for row in family], family), strict=True):
        assert isinstance(row.spread, Spread)
        k, n = row.spread.k, row.spread.n
        seeds, df = prior.moderated(row.spread.seeds, k - 1)
        variance = seeds + row.spread.prompts - row.spread.residual
        parts = seeds**2 / df + row.spread.prompts**2 / (n - 1) + row.spread.residual**2 / ((k - 1) * (n - 1))
        expected = 2 * stats.t.sf(abs(row.mean) / math.sqrt(variance), variance**2 / parts)
        assert p == pytest.approx(expected, rel=1e-6)


def test_a_row_that_looks_quiet_by_chance_needs_what_the_others_need():
    family = [interval(seed) for seed in range(12)]
    spread = family[0].spread
    assert isinstance(spread, Spread)
    quiet = replace(spread, seeds=spread.residual)
    se, df = quiet.error()
    family[0] = replace(family[0], se=se, df=df, p=float(2 * stats.t.sf(family[0].mean / se, df)), spread=quiet)
    own = [row.p for row in family]
    assert own[0] < 0.01 < moderated_p(own, family)[0]
    assert holm(np.array(own))[0] < 0.05 < holm_of_family(own, family)[0]


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=6, unique=True), st.sampled_from([2, 3, 5]))
def test_no_row_gets_a_smaller_p_than_holms(seeds: list[int], k: int):
    family = [interval(seed, k=k) for seed in seeds]
    own = [row.p for row in family]
    assert (holm_of_family(own, family) >= holm(np.array(own)) - 1e-15).all()


def test_one_row_and_rows_without_a_standard_error_have_their_own_tests():
    assert holm_of_family([0.03], [interval(0)]).tolist() == [0.03]
    rows = [interval(0), replace(interval(1), spread=None), None, interval(2)]
    moderated = moderated_p([0.02, 0.03, math.nan, 0.04], rows)
    assert moderated[1] == 0.03 and math.isnan(moderated[2]) and (moderated[[0, 3]] != [0.02, 0.04]).all()
    assert holm_of_family([0.02, math.nan], [None, None])[0] == pytest.approx(0.04), "a missing test counts"
    assert holm_of_family([], []).tolist() == []


def test_a_rate_without_spread_keeps_its_score_test():
    rng = np.random.default_rng(0)
    won = rate_interval(np.ones((3, 30)))
    family = [won, *(rate_interval((rng.random((3, 30)) < 0.6).astype(float)) for _ in range(3))]
    moderated = moderated_p([row.p for row in family], family)
    assert moderated[0] == won.p < 0.001 and np.isfinite(moderated).all()


def test_no_seed_differs_from_another():
    values = np.tile(np.random.default_rng(0).normal(0.1, 1, 30), (3, 1))
    alike = crossed_interval(values + 1e-9 * np.arange(90).reshape(3, 30))
    flat = replace(alike, spread=Spread(seeds=0.0, prompts=1.0, residual=0.0, k=3, n=30))
    assert moderated_p([0.01, 0.02], [flat, flat]).tolist() == [0.01, 0.02]


def test_a_table_of_many_rows_is_wrong_as_often_as_one_of_few():
    """Without the family's say, 3 in 10 of these tables have a false finding: docs/statistics.md."""
    own = family_wise("seeds dominate", 3, 25, rows=112, correct=lambda p, _: holm(np.array(p)))
    assert own >= 0.12 and family_wise("seeds dominate", 3, 25, rows=112) <= 0.08
