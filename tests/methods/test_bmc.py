"""BMC."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.bmc import METHOD, Hyper, loss, reward

from .toys import random_scores, tokens, with_policy_tokens


def scores() -> Scores:
    """Chosen: a changed token of probability 0.8; rejected: an unchanged and a changed one of probability 0.2."""
    policy = tokens([math.log(0.8)], [-1.0, math.log(0.2)])
    reference = tokens([math.log(0.5)], [-1.5, math.log(0.5)])
    unchanged = torch.tensor([[[0.0, 0.0], [1.0, 0.0]]], dtype=torch.float64)
    return Scores(policy, reference, _token_weights={"unchanged": unchanged})


def test_by_hand():
    """Weights 1 + 1 / 0.8 = 2.25; 1, and 1 + min(5, 2) = 3. The reference's own would be 1 + 1 / 0.5 = 3 and 3."""
    shared = reward(scores(), Hyper(beta=1.0))
    expected = [2.25 * math.log(1.6), 0.5 + 3 * math.log(0.4)]
    assert shared[0].tolist() == pytest.approx(expected, rel=1e-12)
    own = reward(scores(), Hyper(beta=1.0, reference_weights="own"))
    assert own[0].tolist() == pytest.approx([2.25 * math.log(0.8) - 3 * math.log(0.5), expected[1]], rel=1e-12)
    margin = expected[0] - expected[1]
    assert loss(scores(), Hyper(beta=1.0)).item() == pytest.approx(math.log1p(math.exp(-margin)), rel=1e-12)


def test_without_extra_weight_or_changed_tokens_it_is_dpo():
    dpo, given = methods.get("dpo"), random_scores(METHOD)
    expected = dpo.loss(given, dpo.hyper())
    torch.testing.assert_close(loss(given, Hyper(delta=0.0)), expected)
    unchanged = replace(given, _token_weights={"unchanged": torch.ones_like(given.policy.token)})
    torch.testing.assert_close(loss(unchanged, Hyper()), expected)


def test_the_weights_have_no_gradient():
    """The slope of a changed token is its weight times that of its log-ratio."""
    given = scores()
    token = given.policy.token.clone().requires_grad_()
    (slope,) = torch.autograd.grad(reward(with_policy_tokens(given, token), Hyper(beta=1.0)).sum(), token)
    assert slope[0].flatten().tolist() == pytest.approx([2.25, 1.0, 1.0, 3.0], rel=1e-12)
