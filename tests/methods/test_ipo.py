"""IPO."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.ipo import Hyper, loss, reward

from .toys import one_token, random_logps, tokens

SCORES = Scores(tokens([-1.0, -1.0], [-2.0]), tokens([-2.0, -3.0], [-1.0]))
"""Log-ratios: chosen 1 + 2 = 3 nats over 2 tokens, rejected -1 nat over 1 token."""


def test_the_mean_form_by_hand():
    """Margin 1.5 - -1 = 2.5 nats per token, target 1 / (2 * 0.25) = 2: 0.5^2."""
    assert loss(SCORES, Hyper(beta=0.25)).item() == 0.25


def test_the_sum_form_by_hand():
    """Margin 3 - -1 = 4 nats, target 2: 2^2."""
    assert loss(SCORES, Hyper(beta=0.25, reduction="sum")).item() == 4.0


def test_both_forms_agree_on_responses_of_one_token():
    scores = Scores(one_token(-1.0, -3.0), one_token(-2.0, -1.5))
    assert loss(scores, Hyper(reduction="mean")).item() == loss(scores, Hyper(reduction="sum")).item()


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_at_the_reference_the_loss_is_the_square_of_the_target(reduction):
    """1 / (4 beta^2) = 25 at beta 0.1."""
    policy = random_logps(1)
    found = loss(Scores(policy, policy), Hyper(beta=0.1, reduction=reduction))
    torch.testing.assert_close(found, torch.full((5,), 25.0, dtype=torch.float64))


def test_the_loss_is_zero_where_the_reward_margin_is_one_half():
    scores = Scores(one_token(-1.0, -3.0), one_token(-3.0, -3.0))
    assert loss(scores, Hyper(beta=0.25)).item() == 0.0
    assert reward(scores, Hyper(beta=0.25)).tolist() == [[0.5, 0.0]]
