"""DNO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.dno import METHOD, Hyper, loss

from .games import WINS, pairs, rates
from .toys import gradient, one_token, random_logps

POLICY, OLD = random_logps(1), random_logps(2)


def rated(policy, previous, *wins):
    return Scores(policy, None, None, {"win_rate": torch.tensor(wins, dtype=torch.float64)}, _previous=previous)


def test_by_hand():
    """A margin of 0.1 * 20 = 2, label sigmoid(0.9 - 0.4)."""
    p = 1 / (1 + math.exp(-0.5))
    expected = p * math.log(1 + math.exp(-2)) + (1 - p) * math.log(1 + math.exp(2))
    found = loss(rated(one_token(20.0, 0.0), one_token(0.0, 0.0), [0.9, 0.4]), Hyper())
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_it_is_the_soft_label_of_cdpo_against_the_last_policy():
    wins = torch.rand((5, 2), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    soft = methods.get("cdpo_soft")
    label = {"p_chosen": (wins[:, 0] - wins[:, 1]).sigmoid()}
    expected = soft.loss(Scores(POLICY, OLD, None, label), soft.hyper(beta=0.1))
    torch.testing.assert_close(loss(rated(POLICY, OLD, *wins.tolist()), Hyper()), expected)


def test_its_optimum_multiplies_the_last_policy_by_the_exponent_of_win_rates():
    """In rock, paper, scissors: next ~ previous exp(win rate / eta), where the slope of every pair is zero."""
    policy, hyper = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64).log(), Hyper(eta=0.4)
    columns = {"win_rate": rates(policy)}
    best = (policy + WINS @ policy.exp() / 0.4).log_softmax(dim=0)
    slope = gradient(lambda logp: loss(pairs(logp, previous=policy, columns=columns), hyper).sum(), best)
    assert slope.abs().max() < 1e-12


def test_the_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)
