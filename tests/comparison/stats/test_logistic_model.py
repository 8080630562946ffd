"""Logistic models of soft outcomes against scikit-learn and a clustered sum, and where there is no maximum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from benchbench.comparison.stats.logistic_model import agreement, is_separable, log_loss, logistic_model
from benchbench.core.seeding import stream


def planted(n: int = 400, *, soft: bool = False, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Design, outcomes by weights 1, -0.5 and 0, and 40 clusters."""
    rng = stream(seed, "planted")
    design = rng.normal(size=(n, 3))
    p = expit(design @ np.array([1.0, -0.5, 0.0]))
    outcome = rng.binomial(3, p) / 3 if soft else (rng.random(n) < p).astype(float)
    return design, outcome, np.arange(n) % 40


@pytest.mark.parametrize("soft", [False, True])
def test_coefficients_are_those_of_scikit_learn_without_penalty(soft: bool):
    """A soft outcome is both outcomes, weighted."""
    design, outcome, cluster = planted(soft=soft)
    twice, labels = np.vstack([design, design]), np.repeat([1, 0], len(design))
    theirs = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, max_iter=1000)
    theirs.fit(twice, labels, sample_weight=np.concatenate([outcome, 1 - outcome]))
    assert logistic_model(design, outcome, cluster).coefficients == pytest.approx(theirs.coef_[0], abs=1e-5)


def test_errors_are_the_sandwich_over_clusters_summed_one_by_one():
    design, outcome, cluster = planted()
    model = logistic_model(design, outcome, cluster)
    p = expit(design @ model.coefficients)
    bread = np.linalg.inv(sum(q * (1 - q) * np.outer(x, x) for q, x in zip(p, design, strict=True)))
    scores = [
        sum((y - q) * x for y, q, x, c in zip(outcome, p, design, cluster, strict=True) if c == k) for k in range(40)
    ]
    covariance = bread @ sum(np.outer(score, score) for score in scores) @ bread * 40 / 39
    assert model.se == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-8)
    assert model.p_values == pytest.approx(2 * stats.norm.sf(np.abs(model.coefficients / model.se)))


def test_planted_weights_are_within_three_standard_errors():
    design, outcome, cluster = planted(20_000)
    model = logistic_model(design, outcome, cluster)
    assert np.abs((model.coefficients - [1.0, -0.5, 0.0]) / model.se).max() < 3


@pytest.mark.parametrize(
    ("design", "outcome", "separable"),
    [
        ([[1.0], [2.0], [-1.0]], [1, 1, 0], True),
        ([[1.0], [2.0], [-1.0]], [1, 0, 0], False),
        ([[0.0], [0.0], [1.0]], [1, 0, 1], True),  # level with two rows, and right in the third
        ([[1.0], [1.0]], [0.5, 1], False),  # an outcome between pulls back
        ([[0.0, 1.0], [1.0, 0.0], [0.0, -1.0]], [1, 0.5, 0], True),
    ],
)
def test_where_there_is_no_maximum(design: list[list[float]], outcome: list[float], separable: bool):
    values = np.array(design), np.array(outcome, dtype=float)
    assert is_separable(*values) == separable
    model = logistic_model(*values, np.arange(len(outcome))) if separable else None
    if model is not None:
        assert np.isnan(model.coefficients).all() and "no finite maximum" in model.note
        assert math.isnan(log_loss(*values, model.coefficients)) and math.isnan(agreement(*values, model.coefficients))


def test_loss_and_agreement_by_hand():
    """Odds of 3 and of 1/3: -log(3/4) each where right; of three decided rows two are decided alike."""
    design, weights = np.array([[1.0], [-1.0], [1.0], [0.5]]), np.array([math.log(3)])
    assert log_loss(design[:2], np.array([1.0, 0.0]), weights) == pytest.approx(-math.log(0.75))
    assert agreement(design, np.array([1.0, 0.0, 0.0, 0.5]), weights) == pytest.approx(2 / 3)
