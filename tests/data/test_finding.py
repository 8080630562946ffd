"""Findings: shares against levels, and what a two-sided check holds against its level."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchbench.data.finding import CHECKS, EXAMPLES_SHOWN, Bounds, above, finding


def test_every_check_says_what_it_counts_and_what_to_do():
    for name, check in CHECKS.items():
        assert check.name == name and check.meaning and check.advice
        assert 0 <= check.level <= 1
        assert not check.advice.endswith("."), "a sentence is made of it"


def test_a_finding_counts_all_and_names_a_few():
    each = finding("tied_scores", "train", [f"e{place}" for place in range(8)], 32)
    assert (each.count, each.total, each.share) == (8, 32, 0.25)
    assert each.examples == ("e0", "e1", "e2", "e3", "e4") and len(each.examples) == EXAMPLES_SHOWN


def test_the_level_itself_passes_and_more_does_not():
    eight = finding("tied_scores", "train", map(str, range(8)), 32, level=0.25)
    nine = finding("tied_scores", "train", map(str, range(9)), 32, level=0.25)
    assert above([eight, nine]) == [nine]
    assert not finding("doubled_bos", "train", [], 0).is_above, "nothing of nothing"


def test_length_bias_is_the_distance_of_the_interval_from_one_half():
    """80 of 100: 0.3 from one half; with an interval from 0.71 on, 0.21; of one that holds one half, nothing."""
    each = finding("length_bias", "train", map(str, range(80)), 100, level=0.25)
    assert each.graded == pytest.approx(0.3) and each.is_above
    near = replace(each, interval=Bounds(0.71, 0.87))
    assert near.graded == pytest.approx(0.21) and not near.is_above
    assert replace(each, interval=Bounds(0.45, 0.99)).graded == 0
    short = finding("length_bias", "train", map(str, range(10)), 100, level=0.25)
    assert short.graded == pytest.approx(0.4) and short.is_above, "the shorter one preferred is a bias, too"
