"""The four metrics of a score's size: mean and spread of the margin, and both sides alone."""

from __future__ import annotations

import pytest

from benchbench import metrics

from .scores import pair_scores, random_scores

SCORES = pair_scores([-1.0, -2.0, -6.0], [-2.0, -5.0, -4.0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [("mean_margin", 2 / 3), ("std_margin", (114 / 27) ** 0.5), ("chosen_mean", -3.0), ("rejected_mean", -11 / 3)],
)
def test_by_hand(name, expected):
    """Margins 1, 3, -2: mean 2/3, squares about it 1/9 + 49/9 + 64/9 over three (ddof 0)."""
    assert metrics.get(name).value(SCORES) == pytest.approx(expected, rel=1e-12)


def test_the_margin_is_the_difference_of_the_sides():
    scores = random_scores()
    sides = metrics.get("chosen_mean").value(scores) - metrics.get("rejected_mean").value(scores)
    assert metrics.get("mean_margin").value(scores) == pytest.approx(sides, rel=1e-12)


@pytest.mark.parametrize("name", ["mean_margin", "std_margin", "chosen_mean", "rejected_mean"])
def test_neither_direction_is_better(name):
    assert metrics.get(name).direction == "none"
