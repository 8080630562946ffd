"""DiscoPOP."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.discopop import Hyper, loss

from .toys import one_token, random_logps

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def at(margin, hyper):
    """Loss of one pair."""
    return loss(Scores(one_token(margin, 0.0), one_token(0.0, 0.0)), hyper).item()


def test_by_hand():
    """Beta 1/9 and tau 0.5: z = 1 and a gate of sigmoid(2)."""
    gate = 1 / (1 + math.exp(-2))
    expected = (1 - gate) * math.log(1 + math.exp(-1)) + gate * math.exp(-1)
    assert loss(SCORES, Hyper(beta=1 / 9, tau=0.5)).item() == pytest.approx(expected, rel=1e-12)


def test_the_released_gate_is_on_the_margin_in_nats():
    """Beta 1/9: z = 1 and a gate of sigmoid(9)."""
    gate = 1 / (1 + math.exp(-9))
    expected = (1 - gate) * math.log(1 + math.exp(-1)) + gate * math.exp(-1)
    assert loss(SCORES, Hyper(beta=1 / 9, gate="unscaled")).item() == pytest.approx(expected, rel=1e-12)


def test_both_gates_agree_where_beta_is_tau():
    scores = Scores(random_logps(1), random_logps(2))
    torch.testing.assert_close(loss(scores, Hyper(beta=0.05)), loss(scores, Hyper(beta=0.05, gate="unscaled")))


def test_far_on_the_right_side_it_is_exponential_and_on_the_wrong_one_logistic():
    assert at(200.0, Hyper()) == pytest.approx(math.exp(-10), rel=1e-9)
    assert at(-200.0, Hyper()) == pytest.approx(math.log(1 + math.exp(10)), rel=1e-9)


@pytest.mark.parametrize("hyper", [Hyper(), Hyper(beta=1.0, tau=1.0), Hyper(beta=1.0, gate="unscaled")])
def test_a_very_wrong_pair_is_finite(hyper):
    """exp(5000) times a gate of zero is not a number."""
    assert at(-1e5, hyper) == pytest.approx(1e5 * hyper.beta, rel=1e-4)


def test_it_rises_just_above_a_margin_of_zero():
    assert at(0.5, Hyper()) > at(0.0, Hyper()) > at(20.0, Hyper())


def test_what_the_gate_would_not_obey_is_refused():
    for setting in ({"tau": 0.1}, {"beta": 2.0}):
        with pytest.raises(ValueError, match="gate: expected scaled with beta .+, got 'unscaled'"):
            Hyper(gate="unscaled", **setting)
    with pytest.raises(ValueError, match=r"tau: expected a number in \(0, 1\], got 1.5"):
        Hyper(tau=1.5)
