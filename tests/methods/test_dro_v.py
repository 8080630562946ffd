"""DRO-V."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.dro_v import METHOD, Hyper, loss, value

from .toys import random_scores, tokens, with_policy_tokens


def test_by_hand():
    """1 - 0.4 - 0.5 * 2 = -0.4: its half square, and that over tau for the policy."""
    head = torch.tensor([[[[0.4], [7.0]]]], dtype=torch.float64)
    reward = torch.tensor([[1.0]], dtype=torch.float64)
    scores = Scores(tokens([-1.0, -2.0]), tokens([-2.0, -3.0]), reward, _head=head)
    terms = loss(scores, Hyper(tau=0.5))
    assert terms["value"].values.item() == pytest.approx(0.08, rel=1e-12)
    assert terms["policy"].values.item() == pytest.approx(0.16, rel=1e-12)


def test_the_value_stands_before_the_first_response_token():
    """After two prompt tokens, in a row that has more of them."""
    response = torch.tensor([[[False, False, True, True]]])
    head = torch.tensor([[[[0.0], [0.0], [3.0], [4.0]]]])
    assert value(Scores(Logps(torch.zeros(1, 1, 4), response), _head=head)).tolist() == [3.0]


def test_each_half_trains_its_own_part():
    given = random_scores(METHOD)
    token, head = given.policy.token.clone().requires_grad_(), given.head.clone().requires_grad_()
    live = with_policy_tokens(Scores(given.policy, given._reference, given._reward, _head=head), token)
    terms = loss(live, Hyper(tau=0.7))
    for name, trained, still in (("value", head, token), ("policy", token, head)):
        slopes = torch.autograd.grad(terms[name].values.sum(), (trained, still), retain_graph=True, allow_unused=True)
        assert slopes[0].abs().max() > 0 and slopes[1] is None


def test_the_policy_s_half_with_given_values_is_dro_pointwise():
    given, pointwise = random_scores(METHOD), methods.get("dro_pointwise")
    with_values = Scores(given.policy, given._reference, given._reward, {"value": value(given)})
    expected = pointwise.loss(with_values, pointwise.hyper(tau=0.7))
    torch.testing.assert_close(loss(given, Hyper(tau=0.7))["policy"].values, expected)
