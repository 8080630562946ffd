"""mc_dropout_confidence."""

from __future__ import annotations

import math

import pytest

from .toys import columns, group, places, scores, selected

NAME = "mc_dropout_confidence"


def test_without_disagreement_of_the_passes_confidence_is_one():
    """As with a dropout of nothing: every pass says the same, and the pair weighs as in plain DPO."""
    row = columns(NAME, group("a", "b"), scores(1.0, 0.0, pass_1=(1.0, 0.0), pass_2=(1.0, 0.0)))
    assert row["confidence"] == pytest.approx(1.0, abs=1e-9)


def test_confidence_by_hand():
    """Passes of probability 0.8 and 0.4: mean 0.6, B = H(0.6) - (H(0.8) + H(0.4)) / 2."""

    def entropy(p: float) -> float:
        return -p * math.log(p) - (1 - p) * math.log(1 - p)

    margins = [math.log(p / (1 - p)) for p in (0.8, 0.4)]
    labels = scores(1.0, 0.0, pass_1=(margins[0], 0.0), pass_2=(margins[1], 0.0))
    expected = 1 - (entropy(0.6) - (entropy(0.8) + entropy(0.4)) / 2)
    assert columns(NAME, group("a", "b"), labels)["confidence"] == pytest.approx(expected, abs=1e-8)


def test_a_pair_on_which_most_of_the_passes_disagree_is_left_out():
    labels = scores(1.0, 0.0, pass_1=(0.0, 1.0), pass_2=(0.0, 2.0))
    assert places(NAME, group("a", "b"), labels) == "passes against the order"


def test_a_share_is_drawn_and_sure_pairs_come_more_often():
    sure = scores(4.0, 0.0, pass_1=(4.0, 0.0), pass_2=(4.0, 0.0))
    unsure = scores(2.0, 0.0, pass_1=(8.0, 0.0), pass_2=(-4.0, 0.0))
    groups = [group("a", "b", example=f"e{k}") for k in range(200)]
    selection = selected(NAME, groups, [sure, unsure] * 100, rate=0.5)
    drawn = [bool(rows) for rows in selection.picks]
    assert sum(drawn) == 100 and selection.dropped == {"not drawn": 100}
    assert sum(drawn[::2]) > sum(drawn[1::2]) + 20
    assert all(selected(NAME, groups, [sure, unsure] * 100, rate=1.0).picks)
