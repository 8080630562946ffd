"""Classification of responses."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.method import terms_of
from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives import eurus
from benchbench.reward_objectives.classification import Hyper, loss, score

from .toys import column, rewards


def given(*logits, **columns):
    return RewardScores(torch.tensor([logits], dtype=torch.float64), _column=columns)


def test_good_and_bad_by_hand():
    """classification: log-odds of good 2 and -1, so (log(1 + e^-2) + log(1 + e^-1)) / 2."""
    scores = given([0.0, 2.0], [1.0, 0.0])
    expected = (math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))) / 2
    assert loss(scores, Hyper()).item() == pytest.approx(expected, rel=1e-12)
    assert score(scores, Hyper()).tolist() == [[2.0, -1.0]]


def test_two_classes_are_the_absolute_terms_of_eurus():
    scores = given([0.0, 0.7], [0.0, -0.2])
    absolute = terms_of(eurus.loss(rewards([0.7, -0.2]), eurus.Hyper()))["absolute"].values
    torch.testing.assert_close(2 * loss(scores, Hyper()), absolute)


def test_grades_from_a_column():
    """Uniform logits of three classes: log 3 each, and an expected class of 1."""
    hyper = Hyper(classes=3, column="grade")
    scores = given([0.0] * 3, [0.0] * 3, grade=column([2.0, 0.0]))
    assert loss(scores, hyper).item() == pytest.approx(math.log(3), rel=1e-12)
    assert score(scores, hyper).flatten().tolist() == pytest.approx([1.0, 1.0])


def test_more_classes_need_a_column():
    for wrong in ({"classes": 1}, {"classes": 3}):
        with pytest.raises(ValueError, match="classes: expected 2"):
            Hyper(**wrong)
