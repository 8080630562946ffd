"""Intervals of rates and their differences: published values, scipy, range, no spread, coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchbench.comparison.stats.bounded import difference_of_rates, rate_interval, seeded_rate, wilson, within
from benchbench.comparison.stats.critical import even_df
from benchbench.comparison.stats.intervals import crossed_interval, crossed_spread, undefined_interval

from ..coverage import difference, rate

NORMAL = float(stats.norm.ppf(0.975))


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (29, 29, 0.8830, 1.0)],
)
def test_wilsons_bounds_are_the_published_ones(successes, n, low, high):
    """Newcombe 1998, Statistics in Medicine 17:857, table I, method 3; the last one mirrored (0 of 29: 0 to .1170)."""
    assert wilson(successes / n, n, NORMAL, tail=0.05) == pytest.approx((low, high), abs=6e-5)


@given(st.integers(4, 400), st.data())
def test_wilsons_bounds_are_scipys_away_from_the_ends(n, data):
    x = data.draw(st.integers(4, n)) if n > 8 else 4
    x = min(x, n - 4) if n >= 8 else x
    if min(x, n - x) <= 3:
        return
    expected = stats.binomtest(x, n).proportion_ci(method="wilson")
    assert wilson(x / n, n, NORMAL, tail=0.05) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("x", "lambda_"), [(1, 0.0513), (2, 0.3554), (3, 0.8177)])
def test_near_the_ends_the_far_bound_is_poissons(x, lambda_):
    """Brown, Cai and DasGupta 2001: the lower 5 % limits of a Poisson mean (tables), 1 - .95^(1/..) of x = 1 to 3."""
    low, high = wilson(x / 50, 50, NORMAL, tail=0.05)
    assert low == pytest.approx(lambda_ / 50, abs=2e-6)
    assert high == pytest.approx(stats.binomtest(x, 50).proportion_ci(method="wilson").high)
    mirrored = wilson(1 - x / 50, 50, NORMAL, tail=0.05)
    assert mirrored == pytest.approx((1 - high, 1 - low))


def test_a_rate_of_one_run_has_the_t_quantile_and_its_own_contests():
    """40 of 50 wins: SE^2 = .16 / 49, so 49 contests, and t with 49 degrees of freedom."""
    found = rate_interval(np.repeat([1.0, 0.0], [40, 10])[None, :])
    assert (found.low, found.high) == pytest.approx(wilson(0.8, 49, float(stats.t.ppf(0.975, 49)), tail=0.05))
    assert found.se == pytest.approx(0.4 / 7) and found.df == 49


def test_clusters_and_seeds_enter_through_the_crossed_standard_error():
    """And the solved critical value where the seeds have 0.61 of the variance: 2.5 degrees of freedom, not 5.2."""
    rng = np.random.default_rng(2)
    rates = np.array([0.75, 0.8, 0.86])[:, None] + rng.normal(0, 0.1, 60)
    values = rng.binomial(4, np.clip(rates, 0, 1)) / 4
    found, crossed = rate_interval(values), crossed_interval(values)
    contests = found.mean * (1 - found.mean) / crossed.se**2
    share = crossed_spread(values).seeds / crossed.se**2
    assert (found.se, found.df) == (crossed.se, even_df(3, 60, share, 0.95))
    assert found.df < crossed.df - 1
    expected = wilson(found.mean, contests, float(stats.t.ppf(0.975, found.df)), tail=0.05)
    assert (found.low, found.high) == pytest.approx(expected)


RUNS = st.integers(1, 4).flatmap(
    lambda k: st.integers(2, 12).flatmap(
        lambda n: st.lists(
            st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=n, max_size=n), min_size=k, max_size=k
        ).map(np.array)
    )
)


@given(RUNS)
def test_a_rate_stays_in_its_range_has_width_and_mirrors(values):
    found, other = rate_interval(values), rate_interval(1 - values)
    assert 0 <= found.low <= found.mean <= found.high <= 1 and found.high > found.low
    assert (other.low, other.high, other.p) == pytest.approx((1 - found.high, 1 - found.low, found.p), abs=1e-9)


@given(RUNS, st.sampled_from([0.3, 0.5, 0.6]), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_score_test_is_the_intervals(values, against, level):
    """P below 5 % exactly where the 95 % interval leaves the hypothesis out, but for Poisson's wider bound."""
    found = rate_interval(values, against=against, level=level)
    if found.p > 1 - level + 1e-9:
        assert found.low <= against <= found.high
    elif found.p < 1 - level - 1e-9:
        rare = found.mean if against < found.mean else 1 - found.mean
        contests = (values.shape[1] - 1) if math.isnan(found.se) else found.mean * (1 - found.mean) / found.se**2
        assert not found.low <= against <= found.high or 0 < rare * contests <= 3.5


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("k", [1, 3])
def test_a_rate_without_spread_has_the_width_of_its_prompts(value, k):
    """50 prompts: the rule of three says 6 %, Wilson's with the t quantile 7.6 %; more seeds alike add nothing."""
    found = rate_interval(np.full((k, 50), value))
    assert "no spread to measure" in found.note and math.isnan(found.se)
    if value == 1.0:
        assert found.high == 1.0 and 0.91 < found.low < 0.94
    if value == 0.0:
        assert found.low == 0.0 and 0.06 < found.high < 0.09
    if value == 0.5:
        assert found.p == 1.0 and found.low < 0.4 and found.high > 0.6


def test_of_one_seed_it_is_labelled():
    values = np.array([[1.0, 0.0, 1.0, 1.0]])
    assert seeded_rate(values).note == "one seed: seed variance not estimated"
    assert rate_interval(values).note == "" and "two seeds" in seeded_rate(np.repeat(values, 2, axis=0)).note


@pytest.mark.parametrize(
    ("values", "note"),
    [(np.empty((1, 0)), "no prompts"), (np.ones((3, 1)), "one prompt"), (np.array([[1.0, np.nan]]), "not finite")],
)
@pytest.mark.parametrize("make", [rate_interval, difference_of_rates])
def test_nothing_to_measure_is_no_interval_and_says_why(make, values, note):
    found = make(values)
    assert math.isnan(found.low) and math.isnan(found.p) and note in found.note


def test_a_difference_of_many_prompts_is_the_crossed_one_with_a_little_more_room():
    """Factor 1 + 2 kurtosis / n on the prompts' variance, n + 2 prompts instead of n."""
    differences = np.random.default_rng(1).normal(0.1, 0.3, (3, 400))
    found, crossed = difference_of_rates(differences), crossed_interval(differences)
    assert found.mean == pytest.approx(crossed.mean)
    assert crossed.se < found.se < 1.02 * crossed.se


@pytest.mark.parametrize(("better", "worse", "n"), [(1, 0, 50), (3, 1, 40), (12, 9, 100), (40, 10, 300)])
def test_a_difference_of_one_run_is_near_bonett_and_prices(better, worse, n):
    """Bonett and Price 2012: one pair of each kind is added, (b - c) / (n + 2) +- 1.96 SE."""
    p, q = (better + 1) / (n + 2), (worse + 1) / (n + 2)
    half = 1.96 * math.sqrt((p + q - (p - q) ** 2) / (n + 2))
    values = np.zeros((1, n))
    values[0, :better], values[0, better : better + worse] = 1, -1
    found = difference_of_rates(values)
    assert (found.low, found.high) == pytest.approx((p - q - half, p - q + half), abs=0.1 * half)
    assert "one seed" in found.note


@given(RUNS, st.data())
def test_a_difference_stays_in_its_range_and_mirrors(values, data):
    other = np.array(data.draw(st.just(values[::-1, ::-1])))
    found, mirrored = difference_of_rates(values - other), difference_of_rates(other - values)
    assert -1 <= found.low <= found.mean <= found.high <= 1 and found.high > found.low
    assert (mirrored.low, mirrored.p) == pytest.approx((-found.high, found.p), abs=1e-9)


@pytest.mark.parametrize("k", [1, 4])
def test_no_difference_at_all_is_the_rule_of_three_and_no_certainty(k):
    found = difference_of_rates(np.zeros((k, 100)))
    assert found.high == pytest.approx(0.028, abs=0.002) and found.low == -found.high
    assert found.p == 1.0 and math.isnan(found.se) and "no spread to measure" in found.note


def test_only_what_is_impossible_is_cut_off():
    found = within(crossed_interval(np.array([[1.0, 0.9, 1.0], [0.2, 0.9, 0.4]])), -1.0, 1.0)
    assert (found.low, found.high) == (-1.0, 1.0)
    nothing = undefined_interval(0.3, level=0.95, note="none")
    assert within(nothing, -1.0, 1.0) is nothing


@pytest.mark.parametrize(
    ("p", "k", "n", "cluster", "noise"),
    [(0.99, 1, 50, 1, 0.0), (0.9, 3, 50, 1, 0.4), (0.9, 1, 50, 20, 0.0), (0.99, 3, 50, 20, 0.4)],
)
def test_rates_are_covered_where_the_plain_t_interval_failed(p, k, n, cluster, noise):
    """300 repeats, Monte Carlo error .013; the plain form covers .39, .93, .93 and .91 of these."""
    found = rate(p, k=k, n=n, cluster=cluster, noise=noise, repeats=300)
    assert found.coverage >= 0.9 and found.outside == found.undefined == 0


def test_three_noisy_seeds_are_not_trusted_too_much():
    """1,000 repeats, Monte Carlo error .007; Satterthwaite's degrees of freedom cover .921 of these."""
    assert rate(0.5, k=3, n=300, cluster=1, noise=0.4, repeats=1000).coverage >= 0.94


@pytest.mark.parametrize(("p", "q", "k", "noise"), [(0.99, 0.99, 1, 0.4), (0.99, 0.9, 3, 0.0)])
def test_differences_near_the_ends_are_covered(p, q, k, noise):
    found = difference(p, q, k=k, n=50, cluster=1, noise=noise, repeats=300)
    assert found.coverage >= 0.91 and found.outside == found.undefined == 0


@pytest.mark.slow
@pytest.mark.parametrize("n", [50, 300])
@pytest.mark.parametrize("cluster", [1, 20])
@pytest.mark.parametrize("p", [0.5, 0.9, 0.99])
@pytest.mark.parametrize(("k", "least"), [(1, 0.92), (2, 0.86), (3, 0.91), (10, 0.92)])
def test_coverage_as_docs_statistics_says(p, k, least, cluster, n):
    """The tables of docs/statistics.md; two noisy seeds are the one place where it falls short."""
    for noise in (0.0, 0.4):
        single = rate(p, k=k, n=n, cluster=cluster, noise=noise, repeats=500)
        paired = difference(p, 0.9, k=k, n=n, cluster=cluster, noise=noise, repeats=500)
        for found in (single, paired):
            assert found.coverage >= least - 0.02 and found.outside == found.undefined == 0
