"""QRPO."""

from __future__ import annotations

import math

import pytest

from benchbench.methods.qrpo import Hyper, log_partition, loss, reward

from .toys import listed


def test_by_hand():
    """At beta 1, Z = e - 1; targets 1 - log Z and 0 - log Z against log-ratios 2 and -1, averaged."""
    scores = listed([-3.0, -6.0], reference=[-5.0, -5.0], quantile=[1.0, 0.0])
    log_z = math.log(math.e - 1)
    expected = ((1 - log_z - 2) ** 2 + (-log_z + 1) ** 2) / 2
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta=0.5)).tolist() == [[1.0, -0.5]]


@pytest.mark.parametrize("beta", [0.1, 0.5, 1.0, 3.0])
def test_the_partition_function_is_the_mean_of_a_uniform_reward_s_exponential(beta):
    """Midpoint rule of the integral of e^{q / beta} over q in [0, 1]."""
    count = 20_000
    mean = sum(math.exp((i + 0.5) / count / beta) for i in range(count)) / count
    assert log_partition(Hyper(beta=beta)) == pytest.approx(math.log(mean), rel=1e-6)


def test_a_small_beta_overflows_nowhere():
    """1 / beta = 1e4 is beyond what e can be raised to."""
    assert log_partition(Hyper(beta=1e-4)) == pytest.approx(1e4 + math.log(1e-4), rel=1e-12)


@pytest.mark.parametrize(("beta", "by"), [(0.1, 4.5e-6), (1.0, 0.459)])
def test_the_released_partition_function_is_larger(beta, by):
    """By -beta log(1 - e^{-1/beta})."""
    exact, released = (beta * log_partition(Hyper(beta=beta, log_z=form)) for form in ("exact", "released"))
    assert released - exact == pytest.approx(by, rel=0.02)


def test_the_optimum_is_reward_over_beta_minus_log_z_and_equal_quantiles_have_one_target():
    beta = 0.5
    best = [q / beta - log_partition(Hyper(beta=beta)) for q in (0.2, 0.2, 0.9)]
    found = loss(listed(best, reference=[0.0] * 3, quantile=[0.2, 0.2, 0.9]), Hyper(beta=beta))
    assert found.item() == pytest.approx(0.0, abs=1e-20)


def test_a_list_costs_the_mean_of_its_candidates():
    whole = listed([-1.0, -4.0], reference=[-2.0] * 2, quantile=[0.2, 0.8])
    alone = [listed([p], reference=[-2.0], quantile=[q]) for p, q in ((-1.0, 0.2), (-4.0, 0.8))]
    expected = sum(loss(one, Hyper()).item() for one in alone) / 2
    assert loss(whole, Hyper()).item() == pytest.approx(expected, rel=1e-12)
