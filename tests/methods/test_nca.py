"""NCA over lists."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods import nca_pair
from benchbench.methods.nca import Hyper, loss, reward

from .toys import gradient, listed, one_token


def softplus(value: float) -> float:
    return math.log1p(math.exp(value))


def test_by_hand():
    """Rewards 0.05 and -0.03, equal weights: -1/2 log sigmoid(beta rho) and 1/2 -log sigmoid(-beta rho) of each."""
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], reward=[1.0, 1.0])
    expected = 0.5 * sum(softplus(-x) + softplus(x) for x in (0.05, -0.03))
    assert loss(scores, Hyper(beta=0.1)).item() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta=0.1))[0].tolist() == pytest.approx([0.05, -0.03])


def test_with_all_weight_on_the_first_of_two_it_is_the_pairwise_form():
    """1.384300 is TRL's nca_pair at beta 0.01: -log s(w) - 1/2 log s(-w) - 1/2 log s(-l)."""
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], reward=[1.0, 0.0])
    found = loss(scores, Hyper(beta=0.01, alpha=1e-3)).item()
    assert found == pytest.approx(1.384300, rel=1e-6)
    assert found == pytest.approx(nca_pair.loss(scores, nca_pair.Hyper(beta=0.01)).item(), rel=1e-12)


@pytest.mark.parametrize("count", [2, 3, 28])
def test_a_candidate_rests_where_its_odds_are_its_weight_over_that_of_noise(count):
    """Slope zero at sigmoid(x) = w / (w + 1/K), so beta rho = log(K w): for the best of two with all weight, log 2."""
    rewards = torch.linspace(0, 1, count, dtype=torch.float64)
    weight = (rewards / 0.5).softmax(dim=-1)
    rest = (count * weight).log() / 0.1

    def of(values):
        return loss(Scores(one_token(*values), one_token(*[0.0] * count), rewards[None]), Hyper(0.1, 0.5)).sum()

    assert gradient(of, rest).abs().max().item() < 1e-12
    assert gradient(of, rest + 1).abs().max().item() > 1e-6


def test_candidates_of_one_reward_share_the_weight():
    one, other = (listed([-1.0, p, q], reference=[-2.0] * 3, reward=[5.0, 5.0, 1.0]) for p, q in ((-3, -2), (-3, -9)))
    assert loss(one, Hyper(beta=1.0)).item() != pytest.approx(loss(other, Hyper(beta=1.0)).item())
    swapped = listed([-3.0, -1.0, -2.0], reference=[-2.0] * 3, reward=[5.0, 5.0, 1.0])
    assert loss(one, Hyper(beta=1.0)).item() == pytest.approx(loss(swapped, Hyper(beta=1.0)).item(), rel=1e-12)
