"""Crossed and paired intervals: golden values, scipy, limits, coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from harness import ROOT
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchbench.comparison.stats.clustered import prompt_interval
from benchbench.comparison.stats.intervals import Interval, Spread, crossed_interval, without_rounding

from ..degrees import covered, row
from ..oracles import paired_difference


def test_the_crossed_interval_is_the_golden_one(golden):
    case = golden["stat.crossed_t"]
    found = crossed_interval(np.array(case["inputs"]["differences_seed_by_prompt"]), level=0.95)
    assert [found.mean, found.se, found.df, found.low, found.high] == pytest.approx(case["value"], rel=1e-10)


def test_the_reported_ddo_rm_difference_over_three_seeds(golden):
    """+3.63 points, t(2) = 2.94, p = 0.099, half-width 5.32 points: a table of means would have endorsed it."""
    case = golden["stat.ddo_rm_paired_t"]
    ours, baseline = (np.array(case["inputs"][f"{name}_pair_accuracy"]) for name in ("ddo_rm", "dpo"))
    found = paired_difference(ours, baseline)
    half = 100 * (found.high - found.low) / 2
    assert [100 * found.mean, found.mean / found.se, found.p, half] == pytest.approx(case["value"], rel=1e-10)
    assert (round(found.mean / found.se, 2), round(found.p, 3), round(half, 2)) == (2.94, 0.099, 5.32)
    assert found.df == 2


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=8))
def test_the_paired_difference_is_scipys(rows):
    candidate, baseline = (np.array(side, dtype=float) for side in zip(*rows, strict=True))
    found = paired_difference(candidate, baseline, level=0.9)
    if np.ptp(candidate - baseline) == 0:
        assert math.isnan(found.p) and "no spread" in found.note
        return
    expected = stats.ttest_rel(candidate, baseline)
    interval = expected.confidence_interval(0.9)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-9, abs=1e-12)


def test_without_a_common_effect_of_the_prompts_the_seed_means_carry_the_whole_spread():
    """Differences that are one number per seed: the crossed interval is the paired t over seeds."""
    by_seed = np.array([0.1, 0.3, 0.2])
    crossed = crossed_interval(np.repeat(by_seed[:, None], 40, axis=1))
    over_seeds = paired_difference(by_seed, np.zeros(3))
    assert (crossed.low, crossed.high, crossed.df) == pytest.approx((over_seeds.low, over_seeds.high, 2))


def test_without_any_effect_of_the_seeds_it_is_the_t_interval_over_prompts():
    by_prompt = np.random.default_rng(0).normal(0.2, 1, 30)
    crossed = crossed_interval(np.repeat(by_prompt[None, :], 4, axis=0))
    expected = stats.ttest_1samp(by_prompt, 0.0)
    assert crossed.p == pytest.approx(expected.pvalue)
    assert (crossed.low, crossed.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


@pytest.mark.parametrize(
    ("seeds", "prompts", "residual", "se", "df"),
    [(1.0, 4.0, 5.0, 2.0, 9.0), (4.0, 1.0, 6.0, 2.0, 2.0), (3.0, 3.0, 2.0, 2.0, 16 / (4.5 + 1 + 4 / 18))],
)
def test_a_bracket_that_is_not_positive_is_replaced_by_the_larger_margin(seeds, prompts, residual, se, df):
    """Three seeds and ten prompts; the third case is the ordinary formula."""
    assert Spread(seeds, prompts, residual, k=3, n=10).error() == pytest.approx((se, df))


def test_what_rounding_leaves_of_a_bracket_is_no_standard_error():
    """1 + 4 - 5 less one part in 10^15: a standard error of 7e-8 would be certainty."""
    assert Spread(1.0, 4.0, 5.0 - 5e-15, k=3, n=10).error() == pytest.approx((2.0, 9.0))


def test_the_degrees_of_freedom_do_not_fall_below_those_of_the_smaller_margin():
    """1 + 1 - 1.9 = 0.1 would leave 0.01 / (1/2 + 1/9 + 0.2) = 0.012 degrees of freedom and an endless interval."""
    assert Spread(1.0, 1.0, 1.9, k=3, n=10).error() == pytest.approx((math.sqrt(0.1), 2.0))


SPREADS = st.builds(
    Spread,
    seeds=st.floats(0, 10),
    prompts=st.floats(0.01, 10),
    residual=st.floats(0, 10),
    k=st.integers(2, 10),
    n=st.integers(2, 400),
)


@given(SPREADS, st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_welchs_terms_take_degrees_of_freedom_and_leave_those_of_the_smaller_margin(spread, level):
    satterthwaite, found = spread.error()[1], spread.welch_df(level)
    assert min(spread.k - 1, spread.n - 1) * (1 - 1e-9) <= found <= satterthwaite * (1 + 1e-9)


@pytest.mark.parametrize("spread", [Spread(2.0, 0.0, 0.0, k=3, n=10), Spread(0.0, 2.0, 0.0, k=3, n=10)])
def test_one_mean_square_alone_has_its_own_degrees_of_freedom(spread):
    """The t distribution is exact there, so that no term is left."""
    assert spread.welch_df(0.95) == pytest.approx(spread.error()[1], rel=1e-9)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.8, 0.9])
def test_with_welchs_terms_three_seeds_cover_within_two_points(share):
    """Whatever share of the variance they have; Satterthwaite's degrees of freedom cover less, .922 of the last."""
    coverage, _ = covered(share, 3, welch=True)
    before, _ = covered(share, 3, welch=False)
    assert 0.93 <= coverage <= 0.955 and before <= coverage


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_documented_coverage_is_computed(share):
    assert row(share) in (ROOT / "docs" / "statistics.md").read_text(encoding="utf-8")


def test_a_difference_and_its_mirror_image_have_mirrored_intervals():
    differences = np.random.default_rng(1).normal(0.1, 1, (3, 50))
    one, other = crossed_interval(differences), crossed_interval(-differences)
    assert (one.low, one.high, one.p) == pytest.approx((-other.high, -other.low, other.p))


def test_a_wider_level_contains_the_narrower_one_and_p_agrees_with_the_interval():
    differences = np.random.default_rng(2).normal(0.2, 1, (4, 60))
    found = crossed_interval(differences, level=0.95)
    at_p = crossed_interval(differences, level=1 - found.p)
    assert min(abs(at_p.low), abs(at_p.high)) == pytest.approx(0.0, abs=1e-12)
    assert crossed_interval(differences, level=0.99).low < found.low


@pytest.mark.parametrize(
    ("differences", "note"),
    [
        (np.ones((1, 5)) * np.arange(5), "one seed"),
        (np.arange(3.0)[:, None], "one prompt"),
        (np.zeros((3, 5)), "all differences are equal"),
        (np.full((3, 5), 0.1), "all differences are equal"),
        (np.array([[0.0, np.nan], [1.0, 2.0]]), "not finite"),
        (np.empty((3, 0)), "nothing to compare"),
    ],
)
def test_no_spread_is_no_interval_and_says_why(differences, note):
    found = crossed_interval(differences)
    assert all(math.isnan(x) for x in (found.low, found.high, found.se, found.df, found.p))
    assert note in found.note and found.method == "none"


def test_two_seeds_come_with_a_warning():
    differences = np.random.default_rng(3).normal(size=(3, 30))
    assert crossed_interval(differences).note == ""
    assert "two seeds" in crossed_interval(differences[:2]).note


def test_one_seed_keeps_its_mean():
    assert crossed_interval(np.array([[1.0, 2.0]])).mean == 1.5
    assert paired_difference(np.array([3.0]), np.array([1.0])).mean == 2.0


def test_arrays_of_different_seeds_are_refused():
    with pytest.raises(ValueError, match=r"two arrays \[k\]"):
        paired_difference(np.zeros(3), np.zeros(2))


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0])
def test_a_level_outside_its_range_is_refused(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        crossed_interval(np.random.default_rng(0).normal(size=(3, 9)), level=level)


def test_an_interval_of_nan_needs_a_note():
    with pytest.raises(ValueError, match="needs a note"):
        Interval(mean=0, low=math.nan, high=math.nan, se=0, df=1, p=1, level=0.95, method="t")


@pytest.mark.parametrize(
    ("k", "n", "seed_sd", "prompt_sd"),
    [(3, 100, 0.0, 0.3), (3, 100, 0.1, 0.3), (5, 100, 0.15, 0.1), (3, 60, 0.0, 0.0), (10, 60, 0.1, 0.3)],
)
def test_the_crossed_interval_covers(k, n, seed_sd, prompt_sd):
    """Nominal 95 %, 800 repetitions (Monte Carlo error 0.008): quiet, noisy and dominant seeds, no effect at all."""
    hits = 0
    rng = np.random.default_rng([k, n, int(100 * seed_sd), int(100 * prompt_sd)])
    for _ in range(800):
        seeds, prompts = rng.normal(0, seed_sd, (k, 1)), rng.normal(0, prompt_sd, (1, n))
        found = crossed_interval(0.2 + seeds + prompts + rng.normal(0, 0.4, (k, n)))
        hits += found.low <= 0.2 <= found.high
    assert 0.92 <= hits / 800 <= 0.98


def test_an_interval_over_prompts_alone_does_not_cover_when_seeds_are_noisy():
    """What the crossed interval is for: the same noisy seeds, averaged over seeds and tested over prompts."""
    hits = 0
    rng = np.random.default_rng(5)
    for _ in range(300):
        differences = rng.normal(0, 0.15, (5, 1)) + rng.normal(0, 0.1, (1, 100)) + rng.normal(0, 0.4, (5, 100))
        low, high = stats.ttest_1samp(differences.mean(axis=0), 0.0).confidence_interval(0.95)
        hits += low <= 0 <= high
    assert hits / 300 < 0.6


@pytest.mark.parametrize(
    "values",
    [[[1, 0], [0, 1]], [[1, 0, 1, 0], [0, 1, 0, 1]], [[0.3, 0.1, 0.2], [0.1, 0.2, 0.3], [0.2, 0.3, 0.1]]],
)
def test_even_seeds_and_prompts_leave_no_spread_to_measure(values):
    """A latin square: every seed and every prompt has the same mean, though no two values are alike."""
    found = crossed_interval(np.array(values, dtype=float))
    assert found.mean == pytest.approx(np.mean(values))
    assert math.isnan(found.low) and math.isnan(found.p) and "same mean" in found.note


def test_differences_that_are_rounding_are_none():
    """0.1 + 0.2 and 0.3 differ by one rounding."""
    differences = without_rounding(np.array([0.1 + 0.2 - 0.3, 1e-9, -1e-9]), 1.0)
    assert differences.tolist() == [0.0, 1e-9, -1e-9]
    assert without_rounding(np.array([1e-15]), math.nan).tolist() == [1e-15]


def test_equal_prompts_but_for_rounding_leave_no_interval_over_prompts():
    values = np.full(9, 0.1) + np.arange(9) * 1e-17
    values[3] += 1e-16
    interval = prompt_interval(values)
    assert math.isnan(interval.low) and "no spread to measure" in interval.note
