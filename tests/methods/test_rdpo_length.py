"""R-DPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.rdpo_length import Hyper, loss, reward

from .toys import random_logps, tokens

RANDOM = Scores(random_logps(1), random_logps(2))


def test_by_hand():
    """Log-ratios 2 and -3 over 3 and 1 tokens: 0.1 * 5 + 0.05 * 2 = 0.6."""
    scores = Scores(tokens([-1.0, -2.0, -3.0], [-7.0]), tokens([-2.0, -3.0, -3.0], [-4.0]))
    expected = math.log(1 + math.exp(-0.6))
    assert loss(scores, Hyper(beta=0.1, alpha=0.05)).item() == pytest.approx(expected, rel=1e-12)
    assert reward(scores, Hyper(beta=0.1, alpha=0.05))[0].tolist() == pytest.approx([0.35, -0.25], rel=1e-12)


def test_without_the_length_term_it_is_dpo():
    dpo = methods.get("dpo")
    torch.testing.assert_close(loss(RANDOM, Hyper(beta=0.3, alpha=0.0)), dpo.loss(RANDOM, dpo.hyper(beta=0.3)))


def test_a_longer_chosen_response_lowers_the_loss():
    """The same log-ratios, one token more: the penalty on length is in the objective, not in the loss."""
    longer = Scores(tokens([-1.0, -1.0], [-2.0]), tokens([-1.0, -1.0], [-2.0]))
    even = Scores(tokens([-2.0], [-2.0]), tokens([-2.0], [-2.0]))
    assert loss(longer, Hyper()).item() < loss(even, Hyper()).item() == pytest.approx(math.log(2))


def test_on_equal_lengths_it_is_dpo_whatever_alpha():
    dpo, scores = methods.get("dpo"), Scores(tokens([-1.0, -2.0], [-3.0, -1.0]), tokens([-2.0, -2.0], [-1.0, -1.0]))
    torch.testing.assert_close(loss(scores, Hyper(alpha=7.0)), dpo.loss(scores, dpo.hyper()))
