"""OREO."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.oreo import METHOD, Hyper, loss

from .toys import random_scores, tokens, with_policy_tokens


def scores(token=None) -> Scores:
    """Two tokens with log-ratios 1 and 3, values 0.5 and 0.25, reward 1, divergences 0.2 and 0.4."""
    policy = tokens([-1.0, -1.0])
    given = Scores(
        policy,
        tokens([-2.0, -4.0]),
        torch.tensor([[1.0]], dtype=torch.float64),
        _distribution=torch.tensor([[[0.2, 0.4]]], dtype=torch.float64),
        _head=torch.tensor([[[[0.5], [0.25]]]], dtype=torch.float64),
    )
    return given if token is None else with_policy_tokens(given, token)


def test_by_hand():
    """At beta 0.1: (0.5 - 1 + 0.4)^2 and (0.25 - 1 + 0.3)^2, their mean; of whole responses the first."""
    found = {name: term.values.item() for name, term in loss(scores(), Hyper(beta=0.1, kl_weight=0.5)).items()}
    assert found == pytest.approx({"value": 0.10625, "policy": 0.10625, "kl": 0.15}, rel=1e-12)
    whole = loss(scores(), Hyper(beta=0.1, level="response"))
    assert whole["policy"].values.item() == pytest.approx(0.01, rel=1e-12)


def test_a_token_s_slope_is_that_of_its_own_square():
    """2 beta times the residual over the number of tokens; with whole responses every token has the first's."""
    token = scores().policy.token.clone().requires_grad_()
    (slope,) = torch.autograd.grad(loss(scores(token), Hyper(beta=0.1))["policy"].values.sum(), token)
    assert slope.flatten().tolist() == pytest.approx([0.1 * -0.1, 0.1 * -0.45], rel=1e-12)
    (slope,) = torch.autograd.grad(loss(scores(token), Hyper(beta=0.1, level="response"))["policy"].values.sum(), token)
    assert slope.flatten().tolist() == pytest.approx([0.2 * -0.1] * 2, rel=1e-12)


def test_the_optimum_of_the_soft_bellman_equation_costs_nothing():
    """V_t = R - beta * what is still to come: both losses are zero, and so are their slopes."""
    given = replace(scores(), _head=torch.tensor([[[[0.6], [0.7]]]], dtype=torch.float64))
    terms = loss(given, Hyper(beta=0.1, kl_weight=0.0))
    assert sum(term.values.item() for term in terms.values()) == pytest.approx(0, abs=1e-15)


def test_on_one_response_of_one_token_both_levels_are_one():
    given = random_scores(METHOD)
    policy, reference = tokens([-1.0]), tokens([-1.5])
    given = Scores(policy, reference, given.reward[:1], _distribution=policy.token * 0, _head=given.head[:1, :, :1])
    found = [loss(given, Hyper(level=level))["policy"].values.item() for level in ("token", "response")]
    assert found[0] == pytest.approx(found[1], rel=1e-12)


def test_the_value_s_loss_does_not_move_the_policy_nor_the_policy_s_the_value():
    given = random_scores(METHOD)
    token, head = given.policy.token.clone().requires_grad_(), given.head.clone().requires_grad_()
    terms = loss(replace(with_policy_tokens(given, token), _head=head), Hyper())
    for name, trained, still in (("value", head, token), ("policy", token, head)):
        slopes = torch.autograd.grad(terms[name].values.sum(), (trained, still), retain_graph=True, allow_unused=True)
        assert slopes[0].abs().max() > 0 and slopes[1] is None
