"""Pairs that share a prompt: one value per prompt, whose mean and spread are those that a standard error needs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.core.clusters import over_prompts, prompt_numbers

NUMBERS = st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 4)), min_size=1, max_size=30)


def test_pairs_with_prompts_of_their_own_stay_what_they_are():
    values = np.array([[0.1, 0.7, 0.2]])
    assert prompt_numbers(np.array(["b", "a", "c"])) is None
    assert over_prompts(values, None) is values


def test_equal_numbers_of_pairs_give_the_means_of_the_prompts():
    prompt = prompt_numbers(np.array(["x", "y", "x", "y"]))
    np.testing.assert_allclose(over_prompts(np.array([1.0, 2.0, 4.0, 8.0]), prompt), [2.5, 5.0], rtol=1e-15)


def test_the_standard_error_is_the_clustered_one_of_statsmodels():
    """Statsmodels 0.15.0: OLS(values, ones).fit(cov_type="cluster", cov_kwds={"groups": prompts}), params and bse."""
    values = np.array([0.2, -0.4, 1.1, 0.0, 0.3, -0.7, 0.9, 0.5])
    by_prompt = over_prompts(values, np.array([0, 1, 0, 2, 3, 1, 0, 4]))
    assert by_prompt.mean() == pytest.approx(0.2375, rel=1e-12)
    assert by_prompt.std(ddof=1) / math.sqrt(5) == pytest.approx(0.30690300279567156, rel=1e-12)


@given(NUMBERS)
def test_the_mean_over_pairs_stays(pairs):
    values, prompts = (np.array(side) for side in zip(*pairs, strict=True))
    numbers = prompt_numbers(prompts)
    found = over_prompts(values, numbers)
    assert len(found) == len(set(prompts.tolist()))
    assert found.mean() == pytest.approx(values.mean(), abs=1e-12)


def test_equal_values_have_no_spread_of_rounding_errors():
    found = over_prompts(np.full(7, 0.1), np.array([0, 0, 1, 2, 2, 2, 1]))
    assert np.ptp(found) == 0 and len(found) == 3
