"""Linear separability against scikit-learn's own cross-validation, and in cases worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchbench.comparison.stats.separability import separability


def sides(rng, n=60, shift=0.8):
    return rng.normal(0, 1, (n, 3)) + [shift, 0, 0], rng.normal(0, 1, (n, 3))


def test_as_scikit_learn_predicts_held_out_folds():
    chosen, rejected = sides(np.random.default_rng(0))
    folds = PredefinedSplit(np.tile(np.arange(60) % 5, 2))
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    predicted = cross_val_predict(probe, np.concatenate([chosen, rejected]), np.repeat([1, 0], 60), cv=folds)
    probed = separability(chosen, rejected)
    assert probed.accuracy == pytest.approx((predicted == np.repeat([1, 0], 60)).mean(), abs=1e-12)
    assert probed.pairs == 60 and probed.note == "" and 0.5 < probed.accuracy < probed.pair_accuracy < 1


def test_sides_that_a_threshold_tells_apart_are_separable_and_equal_ones_are_not():
    rejected = np.linspace(0, 1, 20)[:, None]
    assert separability(rejected + 2, rejected).accuracy == 1.0
    same = separability(rejected, rejected)
    assert same.pair_accuracy == 0.5 and same.accuracy == 0.5


def test_pairs_of_a_prompt_are_in_one_fold():
    """Each prompt's chosen responses share an exact value: with folds of pairs the probe would have seen it."""
    rng = np.random.default_rng(1)
    prompt = np.repeat(np.arange(10), 6)
    marks = np.eye(10)[prompt] * np.where(rng.random(10) < 0.5, 1, -1)[prompt][:, None]
    chosen, rejected = marks, -marks
    assert separability(chosen, rejected).pair_accuracy == 1.0
    assert separability(chosen, rejected, prompt=prompt).pair_accuracy == 0.5


def test_what_cannot_be_probed_is_nan_with_a_note_or_refused():
    few = separability(np.ones((3, 1)), np.zeros((3, 1)))
    assert math.isnan(few.accuracy) and "fewer than 5 prompts" in few.note
    holed = separability(np.full((9, 1), math.nan), np.zeros((9, 1)))
    assert math.isnan(holed.accuracy) and "not finite" in holed.note
    with pytest.raises(ValueError, match="expected two arrays"):
        separability(np.ones((9, 1)), np.zeros((9, 2)))
