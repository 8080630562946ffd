"""MinorDPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.minor_dpo import Hyper, loss

from .toys import gradient, one_token

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """The rejected log-ratio of -5 counts for nothing: 0.1 * 4."""
    assert loss(SCORES, Hyper(beta=0.1)).item() == pytest.approx(math.log(1 + math.exp(-0.4)), rel=1e-12)


def test_while_the_rejected_response_is_above_the_reference_it_is_dpo():
    dpo, scores = methods.get("dpo"), Scores(one_token(-10.0, -15.0), one_token(-14.0, -20.0))
    torch.testing.assert_close(loss(scores, Hyper(beta=0.3)), dpo.loss(scores, dpo.hyper(beta=0.3)))


def test_a_rejected_response_below_the_reference_is_left_alone():
    def at(rejected):
        return loss(Scores(one_token(-10.0, rejected), SCORES.reference), Hyper()).sum()

    assert gradient(at, torch.tensor(-25.0, dtype=torch.float64)).item() == 0.0
    assert gradient(at, torch.tensor(-15.0, dtype=torch.float64)).item() > 0.0
