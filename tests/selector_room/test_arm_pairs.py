"""arm_pairs."""

from __future__ import annotations

from dataclasses import replace

from .toys import columns, group, places, response, scores


def of_arms(**texts: str):
    """One response of each arm."""
    return replace(group(), responses=tuple(response(text, arm) for arm, text in texts.items()))


def test_a_pair_has_responses_of_two_arms_and_says_who_drew_which():
    both = of_arms(policy="a", reference="b")
    row = columns("arm_pairs", both, scores(1.0, 3.0))
    assert places("arm_pairs", both, scores(1.0, 3.0)) == [(1, 0)]
    assert row["from_reference"] == row["from_calibration"] == (1.0, 0.0)
    assert row["from_previous"] == (0.0, 1.0)
    assert row["score_gap"] == 2.0


def test_responses_of_one_arm_make_no_pair_unless_all_are_asked_for():
    alone = group("a", "b")
    assert places("arm_pairs", alone, scores(1.0, 3.0)) == "one arm alone"
    assert places("arm_pairs", alone, scores(1.0, 3.0), pairs="all") == [(1, 0)]
    assert columns("arm_pairs", alone, scores(1.0, 3.0), pairs="all")["from_previous"] == (1.0, 1.0)
