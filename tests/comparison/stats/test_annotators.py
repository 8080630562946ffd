"""Annotators who differ: closed forms against hand calculation and a minimiser of scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import logit

from benchbench.comparison.stats.annotators import log_mixture, nearest_rewards, pair_bias, population_preference

HALF = np.array([0.5, 0.5])


def log_p(*rows: list[float]) -> np.ndarray:
    """Log of weights, normalised."""
    values = np.array(rows)
    return np.log(values / values.sum(axis=1, keepdims=True))


def test_the_bias_of_a_pair_by_hand():
    """Of 0 against 1: labels 8/9 and 1/2 by annotator, 25/36 in the mean; the mixture has 0.45 against 0.1.

    logit(25/36) - log(4.5) = log(25/11) - log(4.5).
    """
    p = log_p([0.8, 0.1, 0.1], [0.1, 0.1, 0.8])
    assert population_preference(p, HALF)[0, 1] == pytest.approx(25 / 36)
    assert pair_bias(p, HALF)[0, 1] == pytest.approx(np.log(25 / 11) - np.log(4.5))
    assert pair_bias(p, HALF)[1, 0] == pytest.approx(-pair_bias(p, HALF)[0, 1])


def test_two_outcomes_have_no_bias():
    """Each annotator's two probabilities sum to one, so the mean of preferences is the mixture itself."""
    p, weights = log_p([0.9, 0.1], [0.3, 0.7]), np.array([0.2, 0.8])
    assert np.abs(pair_bias(p, weights)).max() < 1e-12
    rewards = nearest_rewards(population_preference(p, weights))
    assert rewards[0] - rewards[1] == pytest.approx(np.diff(log_mixture(p, weights)[::-1])[0])


def test_annotators_who_agree_have_no_bias_and_are_recovered():
    p = log_p([0.5, 0.3, 0.15, 0.05], [0.5, 0.3, 0.15, 0.05])
    assert np.abs(pair_bias(p, HALF)).max() < 1e-12
    rewards = nearest_rewards(population_preference(p, HALF))
    assert rewards - rewards[0] == pytest.approx(p[0] - p[0, 0])


def test_the_fit_is_what_a_minimiser_of_the_cross_entropy_finds():
    p = log_p([0.6, 0.25, 0.1, 0.05], [0.05, 0.15, 0.2, 0.6])
    preference = population_preference(p, np.array([0.3, 0.7]))
    i, j = np.triu_indices(4, 1)

    def cross_entropy(free: np.ndarray) -> float:
        rewards = np.append(0.0, free)
        margin = rewards[i] - rewards[j]
        return float((np.logaddexp(0, margin) - preference[i, j] * margin).sum())

    assert nearest_rewards(preference)[1:] == pytest.approx(minimize(cross_entropy, np.zeros(3), tol=1e-12).x, abs=1e-4)
    assert logit(preference[0, 0]) == 0
