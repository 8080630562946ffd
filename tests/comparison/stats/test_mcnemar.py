"""McNemar's test against scipy, statsmodels' values, its own definition, and its size in simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench.comparison.stats.mcnemar import mcnemar


def _points(wins, losses, both=10, neither=7):
    first = np.repeat([1.0, 0.0, 1.0, 0.0], [wins, losses, both, neither])
    return first, np.repeat([0.0, 1.0, 1.0, 0.0], [wins, losses, both, neither])


@pytest.mark.parametrize(
    ("wins", "losses", "exact"),
    [(12, 5, 0.143463134765625), (3, 3, 1.0), (0, 6, 0.03125), (40, 22, 0.030015864349067285)],
)
def test_exact_as_statsmodels_has_it(wins, losses, exact):
    """Statsmodels 0.15.0, `mcnemar([[10, wins], [losses, 10]], exact=True).pvalue`."""
    test = mcnemar(*_points(wins, losses))
    assert (test.wins, test.losses) == (wins, losses)
    assert test.exact == pytest.approx(exact, rel=1e-12)


def test_mid_p_by_hand():
    """1 and 4 of five: exact 2 * (1 + 5) / 32 = 12/32, less 5/32; 2 and 2 of four: 1 - (6/16) / 2."""
    assert mcnemar(*_points(4, 1)).mid_p == pytest.approx(7 / 32)
    assert mcnemar(*_points(1, 4)).mid_p == pytest.approx(7 / 32)
    assert mcnemar(*_points(2, 2)).mid_p == pytest.approx(13 / 16)


def test_without_a_discordant_pair_nothing_is_said():
    test = mcnemar(*_points(0, 0))
    assert (test.wins, test.losses, test.exact, test.mid_p) == (0, 0, 1.0, 1.0)


def test_exact_as_scipy_has_it_on_random_points_with_ties():
    rng = np.random.default_rng(0)
    for _ in range(30):
        first, second = rng.choice([0.0, 0.5, 1.0], (2, 40))
        test = mcnemar(first, second)
        expected = stats.binomtest(int((first > second).sum()), int((first != second).sum())).pvalue
        assert test.exact == pytest.approx(expected, rel=1e-10)
        assert 0 < test.mid_p <= test.exact


def test_the_size_of_mid_p_is_near_its_level_and_that_of_the_exact_test_below():
    """Every table of 20 discordant pairs, each by its probability: no simulation is needed."""
    mass = stats.binom.pmf(np.arange(21), 20, 0.5)
    tests = [mcnemar(*_points(wins, 20 - wins)) for wins in range(21)]
    assert sum(p for p, test in zip(mass, tests, strict=True) if test.mid_p <= 0.05) == pytest.approx(0.0414, abs=5e-4)
    for level in (0.01, 0.05, 0.1):
        size = sum(p for p, test in zip(mass, tests, strict=True) if test.exact <= level)
        mid = sum(p for p, test in zip(mass, tests, strict=True) if test.mid_p <= level)
        assert size <= level and size <= mid <= level + 0.02


@pytest.mark.parametrize("second", [np.zeros(3), np.array([1.0, math.nan])])
def test_other_pairs_or_points_that_are_not_finite_are_refused(second):
    with pytest.raises(ValueError, match="expected two arrays|not finite"):
        mcnemar(np.zeros(2), second)
