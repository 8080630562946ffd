"""Numbers as a reader sees them, by hand."""

from __future__ import annotations

import math

import pytest

from benchbench.comparison.stats.intervals import Interval, t_interval, undefined_interval
from benchbench.report import numbers

NAN = math.nan


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (numbers.number(0.53125), "0.5312"),
        (numbers.number(0.53125, decimals=2), "0.53"),
        (numbers.signed(0.25), "+0.2500"),
        (numbers.signed(-0.25), "-0.2500"),
        (numbers.percentage(52.126), "52.13"),
        (numbers.quantity(0.5, "fraction"), "0.5000"),
        (numbers.quantity(123.456, "nats"), "123.5"),
        (numbers.quantity(2.0, "nats", sign="+"), "+2.000"),
        (numbers.p_value(0.04321), "0.0432"),
        (numbers.p_value(0.0), "<0.0001"),
        (numbers.p_value(0.0001), "0.0001"),
    ],
)
def test_each_kind_of_number_has_one_form(shown, text):
    assert shown == text


@pytest.mark.parametrize(
    "shown",
    [
        numbers.number(NAN),
        numbers.signed(NAN),
        numbers.percentage(NAN),
        numbers.quantity(NAN, "nats"),
        numbers.p_value(NAN),
        numbers.bounded(NAN, 0.1, 0.2),
        numbers.interval(undefined_interval(NAN, level=0.95, note="no prompts")),
    ],
)
def test_what_is_not_known_is_said_to_be_not_available(shown):
    assert shown == "n/a"


def test_an_interval_stands_behind_its_mean_and_one_without_bounds_says_so():
    """A mean of 0.5 with a standard error of 0.1 and 10 degrees of freedom: t is 2.2281."""
    made = t_interval(0.5, 0.1, 10, level=0.95, method="t")
    assert numbers.interval(made) == "0.5000 [0.2772, 0.7228]"
    assert numbers.interval(undefined_interval(0.5, level=0.95, note="one prompt")) == "0.5000 [n/a]"
    assert numbers.bounded(0.5, -0.5, 1.5, numbers.signed) == "+0.5000 [-0.5000, +1.5000]"


def test_a_difference_larger_than_the_metric_can_have_is_said_to_be_beyond_it():
    assert numbers.detectable(0.125, "0.1250", 1.0) == "0.1250"
    assert numbers.detectable(math.inf, "inf", 1.0) == ">1"
    assert numbers.detectable(math.inf, "inf", 0.5) == ">0.5"


@pytest.mark.parametrize(
    ("mean", "half", "text"),
    [
        (0.036333, 0.05322, "+0.0363 [-0.017, +0.090]"),
        (4.13, 2.85, "+4.13 [+1.3, +7.0]"),
        (-1234.5, 45.0, "-1234.5 [-1280, -1190]"),
        (2.84, 2.87, "+2.84 [-0.03, +5.71]"),
        (1.0, NAN, "+1 [n/a]"),
        (NAN, NAN, "n/a"),
    ],
)
def test_an_interval_in_any_unit_has_the_decimals_that_it_knows(mean, half, text):
    """Two significant digits of the half-width, more where a bound would be shown as 0."""
    interval = Interval(
        mean=mean, low=mean - half, high=mean + half, se=1, df=4, p=0.5, level=0.95, method="t", note="none"
    )
    assert numbers.rounded_interval(interval) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.0990, "0.099"), (0.1003, "0.10"), (1.0, "1.0"), (9e-5, "<0.0001"), (NAN, "n/a")]
)
def test_a_p_value_within_a_sentence_is_short(value, text):
    assert numbers.short_p(value) == text
