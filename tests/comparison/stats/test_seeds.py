"""Seeds that a difference needs, against statsmodels' values and simulation."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest

from benchbench.comparison.stats.intervals import Interval, Spread, crossed_interval, t_interval
from benchbench.comparison.stats.seeds import seeds_needed, spread_at


def _interval(mean: float, spread: Spread | None) -> Interval:
    return Interval(mean=mean, low=-1.0, high=1.0, se=0.1, df=2.0, p=0.5, level=0.95, method="t", spread=spread)


def _of_seeds(mean: float, *, n: int = 1000) -> Interval:
    """A difference whose sd over seeds is 1 and that all prompts share."""
    return _interval(mean, Spread(seeds=1 / 3, prompts=0.0, residual=0.0, k=3, n=n))


@pytest.mark.parametrize(
    ("difference", "n"),
    [(0.5, 33.36713118431779), (1.0, 9.93785094105438), (1.5, 5.686142097745736), (2.0, 4.22071858501904)],
)
def test_where_seeds_are_all_there_is_as_statsmodels_has_it(difference, n):
    """Statsmodels 0.15.0, `TTestPower().solve_power(difference, alpha=0.05, power=0.8)`, of a paired t test."""
    assert seeds_needed(_of_seeds(difference)) == math.ceil(n)
    assert seeds_needed(_of_seeds(-difference)) == math.ceil(n)


def test_where_prompts_alone_hide_it_no_number_of_seeds_is_enough():
    """The prompts' standard error is 0.1 at any number of seeds, and a difference of 0.1 is one of it."""
    spread = Spread(seeds=1e-4, prompts=0.01, residual=1e-5, k=3, n=100)
    assert seeds_needed(_interval(0.1, spread)) == math.inf
    assert seeds_needed(_interval(0.0, spread)) == math.inf


def test_without_crossed_seeds_it_is_unknown():
    assert math.isnan(seeds_needed(_interval(0.3, None)))
    assert math.isnan(seeds_needed(_interval(math.nan, Spread(0.1, 0.1, 0.1, 3, 10))))


def test_the_spread_of_as_many_seeds_is_the_spread_itself_and_means_over_tables_follow_it():
    """3 seeds looked at, 12 foretold: mean squares of tables of 12 seeds are those, on average over 400 tables."""
    spread = Spread(seeds=0.02, prompts=0.01, residual=0.004, k=3, n=50)
    assert astuple(spread_at(spread, 3)) == pytest.approx(astuple(spread))
    rng = np.random.default_rng(6)

    def table(k: int) -> Spread:
        values = rng.normal(0, 0.2, (k, 1)) + rng.normal(0, 0.3, (1, 50)) + rng.normal(0, 0.4, (k, 50))
        spread = crossed_interval(values).spread
        assert spread is not None
        return spread

    foretold = [spread_at(table(3), 12) for _ in range(400)]
    made = [table(12) for _ in range(400)]
    for part in ("seeds", "prompts", "residual"):
        mean = np.mean([getattr(s, part) for s in made])
        assert np.mean([getattr(s, part) for s in foretold]) == pytest.approx(mean, rel=0.1)


def test_the_number_has_the_power_in_simulation():
    """Seeds of sd 0.05 and a difference of 0.08 whose variances are known: power 80 % at the number, less below it."""
    n, seed_sd, prompt_sd, rest, difference = 200, 0.05, 0.2, 0.4, 0.08
    known = Spread(
        seeds=(rest**2 + n * seed_sd**2) / (3 * n), prompts=(rest**2 + 3 * prompt_sd**2) / (3 * n),
        residual=rest**2 / (3 * n), k=3, n=n,
    )  # fmt: skip
    k = int(seeds_needed(_interval(difference, known)))
    rng = np.random.default_rng(7)

    def power(seeds: int) -> float:
        rejected = 0
        for _ in range(600):
            values = rng.normal(0, seed_sd, (seeds, 1)) + rng.normal(0, prompt_sd, (1, n))
            interval = crossed_interval(difference + values + rng.normal(0, rest, (seeds, n)))
            rejected += interval.p < 0.05 and interval.mean > 0
        return rejected / 600

    assert power(k) >= 0.78
    assert power(k - 1) < 0.82


def test_a_t_interval_has_no_crossed_spread():
    assert math.isnan(seeds_needed(t_interval(0.1, 0.05, 4, level=0.95, method="t")))
