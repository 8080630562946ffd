"""Ranges: what is refused, and in which words."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from benchbench.core.ranges import (
    require_above_zero,
    require_at_least,
    require_at_least_zero,
    require_one_of,
    require_within,
)


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_a_number_above_zero_is_finite_too(value):
    with pytest.raises(ValueError, match=f"^beta: expected a finite number above 0, got {value}$"):
        require_above_zero(SimpleNamespace(alpha=1.0, beta=value), "alpha", "beta")
    require_above_zero(SimpleNamespace(beta=1e-9), "beta")


@pytest.mark.parametrize("value", [-1e-9, math.inf, math.nan])
def test_zero_may_be_the_least(value):
    with pytest.raises(ValueError, match="^eta: expected a finite number of at least 0, got "):
        require_at_least_zero(SimpleNamespace(eta=value), "eta")
    require_at_least_zero(SimpleNamespace(eta=0.0), "eta")


@pytest.mark.parametrize(
    ("interval", "inside", "outside"),
    [("[0, 0.5)", (0, 0.49), (-0.1, 0.5, math.nan)), ("(0, 1]", (0.1, 1), (0, 1.1, math.inf))],
)
def test_an_end_belongs_to_an_interval_as_it_is_written(interval, inside, outside):
    for value in inside:
        require_within(SimpleNamespace(rate=value), "rate", interval)
    for value in outside:
        with pytest.raises(ValueError) as caught:
            require_within(SimpleNamespace(rate=value), "rate", interval, what="share")
        assert str(caught.value) == f"rate: expected a share in {interval}, got {value}"


def test_a_count_has_a_least_value():
    with pytest.raises(ValueError, match="^heads: expected 2 or more, got 1$"):
        require_at_least(SimpleNamespace(classes=2, heads=1), 2, "classes", "heads")


def test_a_word_is_one_of_those_that_are_known():
    require_one_of(SimpleNamespace(kind="sum"), "kind", "sum", "mean")
    with pytest.raises(ValueError, match="^kind: expected one of sum, mean, got 'other'$"):
        require_one_of(SimpleNamespace(kind="other"), "kind", "sum", "mean")
