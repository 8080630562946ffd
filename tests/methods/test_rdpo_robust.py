"""rDPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.rdpo_robust import Hyper, loss

from .toys import one_token, random_logps


def test_by_hand():
    """Margin 10, beta 0.1, rate 0.25: (0.75 log(1 + 1/e) - 0.25 log(1 + e)) / 0.5."""
    scores = Scores(one_token(10.0, 0.0), one_token(0.0, 0.0))
    expected = (0.75 * math.log(1 + math.exp(-1)) - 0.25 * math.log(1 + math.e)) / 0.5
    assert loss(scores, Hyper(beta=0.1, label_smoothing=0.25)).item() == pytest.approx(expected, rel=1e-12)


def test_without_flips_it_is_dpo():
    scores, dpo = Scores(random_logps(1), random_logps(2)), methods.get("dpo")
    torch.testing.assert_close(
        loss(scores, Hyper(beta=0.3, label_smoothing=0.0)), dpo.loss(scores, dpo.hyper(beta=0.3))
    )


def test_averaged_over_flips_it_is_dpo_of_the_true_label():
    """With rate e: (1 - e) L(label) + e L(flipped label) is the clean DPO loss, example by example."""
    rate, dpo = 0.3, methods.get("dpo")
    policy, reference = random_logps(1), random_logps(2)

    def flipped(logps):
        return Logps(logps.token.flip(1), logps.response.flip(1))

    hyper = Hyper(label_smoothing=rate)
    right, wrong = loss(Scores(policy, reference), hyper), loss(Scores(flipped(policy), flipped(reference)), hyper)
    clean = dpo.loss(Scores(policy, reference), dpo.hyper())
    torch.testing.assert_close((1 - rate) * right + rate * wrong, clean)


def test_a_large_margin_makes_the_loss_negative():
    """Margin 70, beta 0.1: the flipped term, about 7 * 0.1 / 0.8, is subtracted."""
    scores = Scores(one_token(0.0, -70.0), one_token(0.0, 0.0))
    assert -0.9 < loss(scores, Hyper()).item() < -0.8
