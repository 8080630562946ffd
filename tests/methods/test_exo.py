"""EXO for pairs."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.exo import Hyper, loss

from .toys import gradient, one_token

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """Beta 1/9: q = sigmoid(1) = 0.731..., against a target of 0.75 and 0.25."""
    q = 1 / (1 + math.exp(-1))
    expected = q * math.log(q / 0.75) + (1 - q) * math.log((1 - q) / 0.25)
    assert loss(SCORES, Hyper(beta=1 / 9, label_smoothing=0.25)).item() == pytest.approx(expected, rel=1e-9)


def test_the_loss_is_zero_and_flat_where_the_policy_has_the_smoothed_label():
    """Beta * margin = log((1 - e) / e)."""
    hyper = Hyper(beta=0.1, label_smoothing=0.1)
    best = torch.tensor(10 * math.log(9), dtype=torch.float64)

    def at(margin):
        return loss(Scores(one_token(margin, 0.0), one_token(0.0, 0.0)), hyper).sum()

    assert at(best).item() == pytest.approx(0, abs=1e-12) and gradient(at, best).item() == pytest.approx(0, abs=1e-12)
    assert at(best + 5).item() > 0 and at(best - 5).item() > 0


def test_a_pair_that_is_very_wrong_costs_a_bounded_loss():
    """KL(0, 1) against (1 - e, e) is -log e, and the gradient vanishes there, unlike DPO's."""

    def at(margin):
        return loss(Scores(one_token(margin, 0.0), one_token(0.0, 0.0)), Hyper(beta=1.0)).sum()

    wrong = torch.tensor(-100.0, dtype=torch.float64)
    assert at(wrong).item() == pytest.approx(-math.log(1e-3), rel=1e-9) and abs(gradient(at, wrong).item()) < 1e-12


def test_the_released_target_is_lower_by_the_weight_of_its_missing_norm():
    """Log p = (0, -10): q times log(1 - exp(-10)) below the normalised one."""
    rate = math.exp(-10)
    apart = loss(SCORES, Hyper(label_smoothing=rate)) - loss(
        SCORES, Hyper(label_smoothing=rate, normalise_target=False)
    )
    assert 0 < apart.item() < 5e-5


def test_no_smoothing_is_refused():
    """TRL once replaced it by 0.001 without saying so."""
    with pytest.raises(ValueError, match=r"label_smoothing: expected a number in \(0, 0.5\), got 0.0"):
        Hyper(label_smoothing=0.0)
