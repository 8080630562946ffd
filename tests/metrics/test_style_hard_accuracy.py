"""Accuracy where style misleads: a plainer chosen text against a more adorned rejected one, RM-Bench's hard score."""

from __future__ import annotations

import math

import numpy as np
import pytest
from comparison.pairs.style_matrix import style_matrix

from benchbench.metrics.style_hard_accuracy import METRIC

from .scores import pair_scores
from .styles import expanded


def test_by_hand():
    """One prompt in three styles, chosen 1, 3, 5 and rejected 2, 3, 4: of the three parts 0, 1/3 and 1 are right."""
    value = METRIC.value(expanded(np.array([[1.0, 3.0, 5.0]]), np.array([[2.0, 3.0, 4.0]])))
    assert value == pytest.approx(0)


def test_as_from_whole_prompts_on_random_scores_with_ties():
    chosen, rejected = np.random.default_rng(0).integers(0, 4, (2, 30, 3)).astype(float)
    assert METRIC.value(expanded(chosen, rejected)) == pytest.approx(style_matrix(chosen, rejected).hard, rel=1e-12)


def test_a_combination_without_pairs_leaves_it_undefined():
    measured = METRIC.measure(pair_scores([1.0, 1.0], [0.0, 0.0], style_rank=([0, 1], [0, 1])), "reward_model")
    assert math.isnan(measured.value) and measured.note == "2 of 4 combinations of styles have no pair"
