"""TPO on trees."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.tpo_tree import METHOD, Hyper, loss, reward

from .toys import random_scores, tokens


def test_by_hand():
    """Weighted log-ratios 2 * 1 + 1 and 1 at beta 0.5: a margin of 1; gains 2 - 1, discounts of ranks 1 and 2."""
    weights = torch.tensor([[[2.0, 1.0], [1.0, 0.0]]], dtype=torch.float64)
    rewards = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    policy, reference = tokens([-1.0, -1.0], [-1.0]), tokens([-2.0, -2.0], [-2.0])
    scores = Scores(policy, reference, rewards, _token_weights={"step_weight": weights})
    assert reward(scores, Hyper(beta=0.5)).tolist() == [[1.5, 0.5]]
    discount = 1 / torch.log(torch.tensor(2.0)).item() - 1 / torch.log(torch.tensor(3.0)).item()
    assert loss(scores, Hyper(beta=0.5)).item() == pytest.approx(discount * 0.313261687518, rel=1e-6)


def test_steps_of_equal_weight_are_lipo():
    given, lipo = random_scores(METHOD, candidates=4), methods.get("lipo_lambda")
    ones = given.policy.response.to(given.policy.token)
    expected = lipo.loss(given, lipo.hyper(beta=0.2))
    found = loss(replace(given, _token_weights={"step_weight": ones}), Hyper(beta=0.2))
    torch.testing.assert_close(found, expected)
    halved = loss(replace(given, _token_weights={"step_weight": ones / 2}), Hyper(beta=0.4))
    torch.testing.assert_close(halved, expected)
