"""AlphaPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.alphapo import Hyper, loss, reward

from .toys import gradient, one_token, random_logps, tokens

SCORES = Scores(tokens([-1.0, -2.0, -3.0], [-3.0, -5.0]))
"""Mean log-probabilities -2 and -4."""


def test_by_hand():
    """Alpha 0.5: rewards 2 (1 - e) and 2 (1 - e^2) before beta."""
    expected = math.log(1 + math.exp(-(2 * (math.exp(2) - math.e) - 1)))
    assert loss(SCORES, Hyper(beta=1.0, alpha=0.5, margin=1.0)).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("alpha", "apart"), [(0.0, 1e-12), (1e-9, 1e-7)])
def test_as_alpha_tends_to_zero_it_is_simpo(alpha, apart):
    scores, simpo = Scores(random_logps(1)), methods.get("simpo")
    expected = simpo.loss(scores, simpo.hyper(beta=2.0, margin=0.3))
    torch.testing.assert_close(loss(scores, Hyper(beta=2.0, alpha=alpha, margin=0.3)), expected, rtol=apart, atol=0)


def test_the_less_likely_a_response_the_steeper_its_reward():
    def at(mean):
        return reward(Scores(one_token(mean, -1.0)), Hyper(beta=1.0, alpha=0.5))[0, 0]

    slopes = [gradient(at, torch.tensor(mean, dtype=torch.float64)).item() for mean in (0.0, -2.0, -4.0)]
    assert slopes == pytest.approx([1, math.e, math.e**2], rel=1e-12)


def test_the_exponent_is_held_so_that_no_reward_is_infinite():
    found = reward(Scores(one_token(-1e4, -320.0, dtype=torch.float32)), Hyper(beta=1.0))
    assert found.isfinite().all() and found[0, 0] == found[0, 1]
