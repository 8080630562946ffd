"""EXO over lists."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods import exo
from benchbench.methods.exo_k import Hyper, loss, reward

from .toys import gradient, listed, one_token


def test_by_hand():
    """Log-ratios log 3 and 0 at beta 1: q = (3/4, 1/4); equal rewards: p = (1/2, 1/2)."""
    scores = listed([math.log(3) - 5, -5.0], reference=[-5.0, -5.0], reward=[0.3, 0.3])
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert loss(scores, Hyper(beta_pi=1.0)).item() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta_pi=2.0))[0].tolist() == pytest.approx([2 * math.log(3), 0.0])


def test_for_two_candidates_it_is_the_pairwise_form_with_smoothing():
    """Rewards whose softmax is (1 - e, e) at e = 1e-3; log-ratios 0.5 and -0.3 at beta 0.1.

    2.623969 is the pairwise EXO's value, with p = (1 - e, e), as TRL's exo_pair has it.
    """
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], reward=[math.log(0.999), math.log(1e-3)])
    found = loss(scores, Hyper(beta_pi=0.1, beta_r=1.0)).item()
    assert found == pytest.approx(2.623969, rel=1e-6)
    assert found == pytest.approx(exo.loss(scores, exo.Hyper(beta=0.1, label_smoothing=1e-3)).item(), rel=1e-9)


def test_it_is_zero_with_no_slope_where_the_policy_has_the_target_s_distribution():
    """beta_pi rho = r / beta_r + constant."""
    rewards, reference = [0.2, 0.9, -0.4], [-4.0, -6.0, -5.0]
    policy = torch.tensor([r / 0.5 / 0.1 + at + 7 for r, at in zip(rewards, reference, strict=True)])

    def of(values):
        scores = Scores(one_token(*values), one_token(*reference), torch.tensor([rewards]))
        return loss(scores, Hyper(beta_pi=0.1, beta_r=0.5)).sum()

    assert of(policy.double()).item() == pytest.approx(0.0, abs=1e-12)
    assert gradient(of, policy.double()).abs().max().item() < 1e-7


def test_a_constant_added_to_all_rewards_changes_nothing():
    one, other = (listed([-1.0, -2.0, -4.0], reference=[-2.0] * 3, reward=[r + c for r in (1, 0, 2)]) for c in (0, 9))
    assert loss(one, Hyper()).item() == pytest.approx(loss(other, Hyper()).item(), rel=1e-9)
