"""Cal-DPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.cal_dpo import METHOD, Hyper, loss, reward

from .toys import gradient, one_token, random_logps

SCORES = Scores(one_token(-1.0, -4.0), one_token(-4.0, -2.0))
"""Log-ratios: chosen a = 3, rejected b = -2."""


def test_by_hand():
    """Beta 0.25, targets +2 and -2: log(1 + e^-5) + (3 - 2)^2 + (-2 + 2)^2."""
    assert loss(SCORES, Hyper(beta=0.25)).item() == pytest.approx(math.log(1 + math.exp(-5)) + 1, rel=1e-12)


def test_half_weight_by_hand():
    hyper = Hyper(beta=0.25, **METHOD.variants["half_weight"])
    assert loss(SCORES, hyper).item() == pytest.approx(math.log(1 + math.exp(-5)) + 0.5, rel=1e-12)


def test_shift_by_hand():
    """Beta 0.25, shift 0.25: targets 0.75 / 0.25 = 3 and -0.25 / 0.25 = -1; squares 0 and 1."""
    assert loss(SCORES, Hyper(beta=0.25, shift=0.25)).item() == pytest.approx(math.log(1 + math.exp(-5)) + 1, rel=1e-12)


def test_the_reward_reaches_plus_and_minus_one_half_at_the_targets():
    at_target = Scores(one_token(2.0, -2.0), one_token(0.0, 0.0))
    assert reward(at_target, Hyper(beta=0.25)).tolist() == [[0.5, -0.5]]


@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_without_calibration_it_is_dpo(beta):
    """At contrastive_beta 1, the paper's, DPO with beta 1."""
    scores, dpo = Scores(random_logps(1), random_logps(2)), methods.get("dpo")
    found = loss(scores, Hyper(calibration_weight=0.0, contrastive_beta=beta))
    torch.testing.assert_close(found, dpo.loss(scores, dpo.hyper(beta=beta)))


def test_beta_sets_the_targets_and_not_the_contrast():
    """At the reference the pull is 2 / (2 beta) = 100 nats^-1 at beta 0.01, the contrast one half."""
    slope = gradient(
        lambda m: loss(Scores(one_token(m, 0.0), one_token(0.0, 0.0)), Hyper(beta=0.01)).sum(), torch.tensor(0.0)
    )
    assert slope.item() == pytest.approx(-100.5, rel=1e-6)


@pytest.mark.parametrize("shift", [0.0, 1.0, 1.5])
def test_a_shift_at_or_beyond_a_target_is_refused(shift):
    with pytest.raises(ValueError, match=rf"shift: expected a number in \(0, 1\), got {shift}"):
        Hyper(shift=shift)
