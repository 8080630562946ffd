"""apo_accel."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.apo_accel import Hyper, loss

from .toys import one_token, random_logps


def test_by_hand():
    """Of the first response the reference is 1.5 * 2 - 0.5 * 1 = 2.5, of the second 0: a margin of 0.2 * (4 - 2.5)."""
    scores = Scores(one_token(4.0, 0.0), one_token(1.0, 0.0), _previous=one_token(2.0, 0.0))
    assert loss(scores, Hyper(beta=0.2, alpha=0.5)).item() == pytest.approx(math.log1p(math.exp(-0.3)), rel=1e-12)


def test_without_extrapolation_it_is_dpo_against_the_last_policy_bit_for_bit():
    dpo, policy, last = methods.get("dpo"), random_logps(1), random_logps(2)
    found = loss(Scores(policy, random_logps(3), _previous=last), Hyper(beta=0.1, alpha=0.0))
    assert torch.equal(found, dpo.loss(Scores(policy, last), dpo.hyper(beta=0.1)))


def test_it_wants_the_margin_of_the_last_step_again():
    """The log-ratio of the last two policies, alpha times, is what the reference is ahead."""
    last, before = random_logps(2), random_logps(3)
    at_last = Scores(last, before, _previous=last)
    ahead = loss(at_last, Hyper(beta=1.0, alpha=0.5))
    step = last.sum() - before.sum()
    torch.testing.assert_close(ahead, torch.log1p(torch.exp(0.5 * (step[:, 0] - step[:, 1]))))


def test_alpha_is_below_one():
    with pytest.raises(ValueError, match="^alpha: expected a number >= 0 and below 1, got 1"):
        Hyper(alpha=1.0)
