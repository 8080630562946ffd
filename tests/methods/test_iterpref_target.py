"""Target-DPO."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.iterpref_target import METHOD, Hyper, loss

from .toys import random_scores, tokens, with_policy_tokens


def test_by_hand():
    """Chosen -1 - 1 + 4 = 2; of the rejected response the second token alone, -3 + 3 = 0; at beta 0.5 a margin of 1."""
    policy, reference = tokens([-1.0, -1.0], [-1.0, -3.0]), tokens([-2.0, -2.0], [-7.0, -3.0])
    right = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]], dtype=torch.float64)
    scores = Scores(policy, reference, _token_weights={"unchanged": right})
    assert loss(scores, Hyper(beta=0.5, sft_weight=0.0)).item() == pytest.approx(0.313261687518, rel=1e-10)


def test_the_chosen_response_s_likelihood_per_token_is_added():
    """JieWu02/Target-DPO, customer_trainer.py, with rpo_alpha 1: the chosen tokens of the example above cost 1 each."""
    policy, reference = tokens([-1.0, -1.0], [-1.0, -3.0]), tokens([-2.0, -2.0], [-7.0, -3.0])
    right = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]], dtype=torch.float64)
    scores = Scores(policy, reference, _token_weights={"unchanged": right})
    assert loss(scores, Hyper(beta=0.5)).item() == pytest.approx(1.313261687518, rel=1e-10)
    assert loss(scores, Hyper(beta=0.5, sft_weight=2.0)).item() == pytest.approx(2.313261687518, rel=1e-10)


def test_with_every_token_erroneous_it_is_dpo():
    dpo, given = methods.get("dpo"), random_scores(METHOD)
    given = replace(given, _token_weights={"unchanged": torch.zeros_like(given.policy.token)})
    torch.testing.assert_close(loss(given, Hyper(sft_weight=0.0)), dpo.loss(given, dpo.hyper()))


def test_only_erroneous_tokens_of_the_rejected_response_are_pushed_down():
    given = random_scores(METHOD)
    right = torch.ones_like(given.policy.token)
    right[..., 0] = 0
    token = given.policy.token.clone().requires_grad_()
    given = replace(with_policy_tokens(given, token), _token_weights={"unchanged": right})
    (slope,) = torch.autograd.grad(loss(given, Hyper()).sum(), token)
    assert (slope[:, 1, 0] > 0).all() and slope[:, 1, 1:].abs().max() == 0
    assert (slope[:, 0][given.policy.response[:, 0]] < 0).all()
