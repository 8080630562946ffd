"""The text twin of RankDPO."""

from __future__ import annotations

import math

import pytest

from benchbench.methods import lipo_lambda
from benchbench.methods.rankdpo_twin import METHOD, Hyper, loss, reward

from .toys import listed, random_scores


def test_with_ranks_by_the_policy_it_is_lipo_lambda():
    """Gains 2^psi - 1 differ as 2^psi does."""
    scores = random_scores(METHOD, candidates=5)
    expected = lipo_lambda.loss(scores, lipo_lambda.Hyper(beta=0.3)).tolist()
    assert loss(scores, Hyper(beta=0.3, rank_by="policy")).tolist() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta=0.3)).tolist() == lipo_lambda.reward(scores, lipo_lambda.Hyper(0.3)).tolist()


def test_with_ranks_by_the_rewards_the_policy_s_order_moves_no_weight():
    """Rewards 1, log2(1.5), 0 have ranks 1, 2, 3 wherever the policy puts them: algorithm 2 of the paper."""
    s, gains = (-3.0, -1.0, -2.0), (1.0, 0.5, 0.0)
    scores = listed(s, reference=[0.0] * 3, reward=[1.0, math.log2(1.5), 0.0])
    expected = 0.0
    for i, j in ((0, 1), (0, 2), (1, 2)):
        weight = (gains[i] - gains[j]) * (1 / math.log(2 + i) - 1 / math.log(2 + j))
        expected += weight * math.log1p(math.exp(-(s[i] - s[j])))
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(expected, rel=1e-12)


def test_equal_rewards_make_no_pair():
    for rank_by in ("policy", "rewards"):
        scores = listed([-1.0, -2.0], reference=[0.0, 0.0], reward=[0.5, 0.5])
        assert loss(scores, Hyper(rank_by=rank_by)).item() == 0.0


def test_it_is_shown_as_a_twin_and_says_what_was_published():
    assert METHOD.marks == ("twin",) and "images" in METHOD.twin_of
