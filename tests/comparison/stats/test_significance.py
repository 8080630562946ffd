"""McNemar and Holm: golden values, scipy, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from benchbench.comparison.stats.significance import holm

from ..oracles import mcnemar


def test_mcnemar_is_the_golden_one(golden):
    case = golden["stat.mcnemar"]
    found = mcnemar(case["inputs"]["b"], case["inputs"]["c"])
    assert [found.exact, found.mid] == pytest.approx(case["value"], rel=1e-10)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_test_of_scipy(b, c):
    if b + c == 0:
        return
    found = mcnemar(b, c)
    assert found.exact == pytest.approx(stats.binomtest(b, b + c).pvalue, rel=1e-9)
    assert found.mid < found.exact
    assert found == mcnemar(c, b)


def test_equal_counts_give_one_and_mid_p_takes_half_the_point():
    """B = c = 2: P(Bin(4, 1/2) = 2) = 6/16, so mid-p = 1 - 3/16."""
    assert mcnemar(2, 2).exact == 1.0
    assert mcnemar(2, 2).mid == pytest.approx(13 / 16)


def test_no_discordant_pair_is_no_evidence():
    """One outcome of probability 1: exact 1, mid-p one half of it."""
    assert (mcnemar(0, 0).exact, mcnemar(0, 0).mid) == (1.0, 0.5)


def test_holm_by_hand_in_the_order_given():
    """.01 * 4, .04 * 2 raised to .02 * 3 = .06 < .08, .20 * 1 raised to nothing smaller than .20."""
    assert holm(np.array([0.2, 0.01, 0.04, 0.02])) == pytest.approx([0.2, 0.04, 0.08, 0.06])


def test_holm_never_decreases_and_stops_at_one():
    assert holm(np.array([0.03, 0.02, 0.9])) == pytest.approx([0.06, 0.06, 0.9])
    assert holm(np.array([0.6, 0.7])).tolist() == [1.0, 1.0]


def test_a_test_that_could_not_be_made_still_counts():
    """Family of three: .02 * 3, not .02 * 2."""
    adjusted = holm(np.array([0.02, math.nan, 0.5]))
    assert adjusted[0] == pytest.approx(0.06) and math.isnan(adjusted[1]) and adjusted[2] == 1.0


def test_an_empty_family_and_a_family_of_one():
    assert holm(np.array([])).tolist() == []
    assert holm(np.array([0.03])).tolist() == [0.03]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_rejects_exactly_what_the_step_down_rejects(p):
    """Walk the sorted p-values and stop at the first p_(i) > alpha / (H - i + 1)."""
    alpha, rejected = 0.05, set()
    for step, row in enumerate(np.argsort(p, kind="stable")):
        if p[row] * (len(p) - step) > alpha:
            break
        rejected.add(int(row))
    assert {row for row, value in enumerate(holm(np.array(p))) if value <= alpha} == rejected
