"""f-DPO with the Jensen-Shannon divergence."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Logps, Scores
from benchbench.methods.fdpo_div_js import Hyper, loss, reward

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """U = 3 and 1: log(6 / 4) and log 1, times 2."""
    scores = Scores(one_token(math.log(3), 0.0), one_token(0.0, 0.0))
    assert loss(scores, Hyper(beta=2.0)).item() == pytest.approx(math.log(1 + 1.5**-2), rel=1e-12)
    assert reward(scores, Hyper(beta=2.0))[0].tolist() == pytest.approx([2 * math.log(1.5), 0.0], abs=1e-12)


def test_at_the_reference_it_is_log_2_with_half_of_dpos_slope():
    """The slope of log(2u / (1 + u)) in log u is 1 / (1 + u), one half at u = 1."""

    def of(token):
        return loss(Scores(Logps(token, REFERENCE.response), REFERENCE), Hyper()).sum()

    assert of(REFERENCE.token).item() == pytest.approx(5 * math.log(2), rel=1e-12)
    torch.testing.assert_close(
        gradient(of, REFERENCE.token)[:, 0, 0], torch.full((5,), -0.05 * 0.5, dtype=torch.float64)
    )


def test_the_reward_is_bounded_above_and_not_below():
    scores = Scores(one_token(1e4, -1e4), one_token(0.0, 0.0))
    assert reward(scores, Hyper())[0].tolist() == pytest.approx([0.1 * math.log(2), 0.1 * (math.log(2) - 1e4)])
