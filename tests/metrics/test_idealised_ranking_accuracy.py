"""The ideal policy's ranking against that policy itself, computed from its closed form on two responses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from benchbench.metrics.idealised_ranking_accuracy import BETAS, METRIC, correct

from .scores import pair_scores


def test_by_hand():
    """Odds 3 add log(3) = 1.0986 nats at beta 1: they outdo a reference at 1 nat against the pair, not one at 1.2."""
    assert correct(np.array([-1.0, -1.2, 0.5]), 0.75, 1.0).tolist() == [1.0, 0.0, 1.0]


def test_the_golden_pairs_of_another_calculation():
    """Margins 12.186, -8.028 and 1.055 nats: the first and the third are right, the second is not."""
    assert correct(np.array([1.2, -30.0, -3.0]), np.array([0.75, 0.9, 0.6]), 0.1).tolist() == [1.0, 0.0, 1.0]


@pytest.mark.parametrize("beta", BETAS)
def test_as_the_optimal_policy_ranks(beta):
    """pi*(y) is proportional to pi0(y) exp(r(y) / beta), and a Bradley-Terry reward has r(w) - r(l) = log odds."""
    rng = np.random.default_rng(0)
    reference = rng.normal(-40, 20, (200, 2))
    share = rng.uniform(0.05, 0.95, 200)
    reward = np.stack([np.log(share / (1 - share)), np.zeros(200)], axis=1)
    optimal = softmax(reference + reward / beta, axis=1)
    shown = optimal[:, 0] != optimal[:, 1]  # where neither is rounded to the other
    expected = (optimal[:, 0] > optimal[:, 1]).astype(float)
    assert correct(reference[:, 0] - reference[:, 1], share, beta)[shown].tolist() == expected[shown].tolist()


def test_the_limits_of_share_and_beta():
    margin = np.array([-5.0, 3.0, -0.1])
    assert correct(margin, 1.0, 0.01).tolist() == [1, 1, 1], "all annotators prefer it, and the penalty is weak"
    assert correct(margin, 0.5, 0.1).tolist() == [0, 1, 0], "no preference leaves the reference's own ranking"
    assert correct(margin, 0.9, 1e9).tolist() == [0, 1, 0], "as does an infinite penalty"
    assert correct(margin, 0.2, 1e-9).tolist() == [0, 0, 0], "without one it is the majority of annotators"


def test_the_median_over_betas():
    """Reference margins -2, -0.5, 1 and odds 3: log(3) / beta is 110, 11, 1.1, 0.22 and 0.11 nats."""
    scores = pair_scores([0.0] * 3, [0.0] * 3, reference=([-2.0, -0.5, 1.0], [0.0] * 3))
    assert METRIC.value(scores) == pytest.approx(2 / 3)


def test_the_share_of_annotators_where_the_data_have_it():
    """A minority prefers the first: at beta 1 log(0.1 / 0.9) = -2.2 outdoes the reference's 1."""
    shares = ([0.1, 0.9], [0.1, 0.9])
    scores = pair_scores([0.0] * 2, [0.0] * 2, reference=([1.0, 1.0], [0.0, 0.0]), p_chosen=shares)
    assert METRIC.value(scores) == 0.5
