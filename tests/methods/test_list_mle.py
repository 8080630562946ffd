"""ListMLE on log-ratios."""

from __future__ import annotations

import math

import pytest

from benchbench.methods import dpo, plackett_luce
from benchbench.methods.list_mle import METHOD, Hyper, loss, reward

from .toys import listed, random_scores


def test_by_hand_for_three():
    """Scores log 3, log 2 and 0 in that order: the best of 6, then the better of 3."""
    scores = listed([math.log(3), math.log(2), 0.0], reference=[0.0] * 3, reward=[5.0, 4.0, 1.0])
    expected = math.log(6 / 3) + math.log(3 / 2)
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta=2.0))[0].tolist() == pytest.approx([2 * math.log(3), 2 * math.log(2), 0.0])


@pytest.mark.parametrize("rewards", [[1.0, 0.0], [0.0, 1.0]])
def test_for_two_candidates_it_is_the_logistic_of_dpo(rewards):
    """With the better one first; only their order counts, not by how much."""
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], reward=rewards)
    ordered = listed([-2.5, -5.0][:: 1 if rewards[0] else -1], reference=[-3.0, -4.7][:: 1 if rewards[0] else -1])
    expected = dpo.loss(ordered, dpo.Hyper(beta=0.1)).item()
    assert loss(scores, Hyper(beta=0.1)).item() == pytest.approx(expected, rel=1e-12)


def test_it_is_plackett_luce_with_lipo_s_beta():
    scores = random_scores(METHOD, candidates=6)
    assert loss(scores, Hyper()).tolist() == plackett_luce.loss(scores, plackett_luce.Hyper(beta=0.05)).tolist()
