"""DPOP."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.dpop import Hyper, loss

from .toys import gradient, one_token, random_logps

RANDOM = Scores(random_logps(1), random_logps(2))

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """Log-ratios -2 and -5: 0.1 * (3 - 4 * 2) = -0.5."""
    scores = Scores(one_token(-16.0, -25.0), one_token(-14.0, -20.0))
    expected = math.log(1 + math.exp(0.5))
    assert loss(scores, Hyper(beta=0.1, penalty_weight=4.0)).item() == pytest.approx(expected, rel=1e-12)


def test_without_penalty_it_is_dpo():
    dpo = methods.get("dpo")
    torch.testing.assert_close(loss(RANDOM, Hyper(beta=0.3, penalty_weight=0.0)), dpo.loss(RANDOM, dpo.hyper(beta=0.3)))


def test_while_the_chosen_response_has_risen_it_is_dpo():
    dpo = methods.get("dpo")
    torch.testing.assert_close(loss(SCORES, Hyper(beta=0.3)), dpo.loss(SCORES, dpo.hyper(beta=0.3)))


def test_a_chosen_response_that_falls_is_pulled_51_times_as_hard_at_the_same_sigmoid():
    """Slope -beta (1 + lambda) sigmoid(-z) below the reference, -beta sigmoid(-z) above."""

    def at(chosen):
        return loss(Scores(one_token(chosen, 0.0), one_token(0.0, 0.0)), Hyper(beta=0.1)).sum()

    below, above = (gradient(at, torch.tensor(side, dtype=torch.float64)).item() for side in (-1e-9, 1e-9))
    assert below / above == pytest.approx(51, rel=1e-6)
