"""Cross-entropies of scores to probabilities to win."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.point_sigmoid import Hyper, loss, reward

from .toys import gradient, listed, one_token


def test_by_hand():
    """Scores log 3 and 0, so probabilities 3/4 and 1/2, against 1 and 1/4."""
    scores = listed([math.log(3) - 5, -5.0], reference=[-5.0, -5.0], win_rate=[1.0, 0.25])
    expected = math.log(4 / 3) + math.log(2)
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta=2.0))[0].tolist() == pytest.approx([2 * math.log(3), 0.0])


def test_it_rests_where_the_score_is_the_logit_of_the_probability():
    share = torch.tensor([[0.2, 0.5, 0.9]], dtype=torch.float64)

    def of(values):
        scores = Scores(one_token(*values), one_token(0.0, 0.0, 0.0), None, {"win_rate": share})
        return loss(scores, Hyper(beta=0.5)).sum()

    assert gradient(of, share[0].logit() / 0.5).abs().max().item() < 1e-12


def test_a_list_costs_what_its_candidates_cost():
    whole = listed([-1.0, -2.0, -4.0], reference=[-2.0] * 3, win_rate=[0.2, 0.5, 0.8])
    alone = (listed([p], reference=[-2.0], win_rate=[r]) for p, r in ((-1.0, 0.2), (-2.0, 0.5), (-4.0, 0.8)))
    assert loss(whole, Hyper()).item() == pytest.approx(sum(loss(one, Hyper()).item() for one in alone), rel=1e-12)
