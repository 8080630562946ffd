"""Every verdict of evaluation.md C7, each from numbers that make it the only right one."""

from __future__ import annotations

import math

import pytest

from benchbench.comparison.replication import Runs
from benchbench.comparison.verdicts import Outcome, judge


def test_the_worked_example_is_compatible_but_underpowered():
    """Paper 44.7 +- 0.6 (k = 3), ours 43.4 +- 0.7 (m = 3), tolerance 2: D = -1.3, prediction half-width 2.1."""
    verdict = judge(Runs(44.7, 0.6, 3), Runs(43.4, 0.7, 3), tolerance=2.0)
    assert verdict.outcome is Outcome.UNDERPOWERED
    assert verdict.difference is not None
    assert verdict.difference.mean == pytest.approx(-1.3)
    assert verdict.prediction == pytest.approx((44.7 - 2.107, 44.7 + 2.107), abs=2e-3)
    assert verdict.needed > 1.3


@pytest.mark.parametrize(
    ("reported", "found", "tolerance", "outcome"),
    [
        (Runs(0.50, 0.001, 5), Runs(0.501, 0.001, 5), 0.015, Outcome.REPRODUCED),
        (Runs(0.50, 0.001, 5), Runs(0.505, 0.001, 5), 0.015, Outcome.REPRODUCED),
        (Runs(0.50, 0.001, 5), Runs(0.55, 0.001, 5), 0.015, Outcome.NOT_REPRODUCED),
        (Runs(0.50, 0.004, 5), Runs(0.512, 0.004, 5), 0.015, Outcome.UNCLEAR),
        (Runs(0.50, 0.02, 3), Runs(0.52, 0.02, 3), 0.015, Outcome.UNDERPOWERED),
        (Runs(0.50, 0.01, 3), Runs(0.51, math.nan, 1), 0.015, Outcome.UNDERPOWERED),
        (Runs(0.50, 0.01, 3), Runs(0.60, math.nan, 1), 0.015, Outcome.OUTSIDE),
        (Runs(0.50, 0.01, 3), Runs(0.60, 0.01, 3), None, Outcome.OUTSIDE),
        (Runs(0.50, 0.01, 3), Runs(0.51, 0.01, 3), None, Outcome.UNDERPOWERED),
        (Runs(0.50, math.nan, 1), Runs(0.60, 0.01, 3), 0.015, Outcome.UNDERPOWERED),
    ],
)
def test_each_situation_has_its_verdict(reported, found, tolerance, outcome):
    assert judge(reported, found, tolerance=tolerance).outcome is outcome


def test_a_reproduced_number_may_be_detectably_different_and_says_so():
    verdict = judge(Runs(0.50, 0.001, 5), Runs(0.505, 0.001, 5), tolerance=0.015)
    assert "detectably different" in verdict.detail


def test_a_miss_far_beyond_the_tolerance_is_decisive():
    verdict = judge(Runs(0.50, 0.001, 5), Runs(0.55, 0.001, 5), tolerance=0.015)
    assert verdict.decisive and verdict.detail == "decisively"


def test_without_a_tolerance_nothing_is_ever_reproduced():
    verdict = judge(Runs(0.50, 0.001, 5), Runs(0.50, 0.001, 5), tolerance=None)
    assert verdict.outcome is Outcome.UNDERPOWERED
    assert "no tolerance" in verdict.detail
