"""BCO without its shift."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.bco_noshift import Hyper, loss

from .toys import gradient, one_token, random_logps

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """Beta 0.25: rewards 1 and -1.25."""
    expected = math.log(1 + math.exp(-1)) + math.log(1 + math.exp(-1.25))
    assert loss(SCORES, Hyper(beta=0.25)).item() == pytest.approx(expected, rel=1e-12)


def test_it_is_never_below_dpo():
    """Log sigmoid(a + b) > log sigmoid(a) + log sigmoid(b)."""
    dpo, scores = methods.get("dpo"), Scores(random_logps(1, examples=50), random_logps(2, examples=50))
    assert (loss(scores, Hyper(beta=0.3)) > dpo.loss(scores, dpo.hyper(beta=0.3))).all()


def test_each_response_is_pulled_whatever_the_other_does():
    """DPO's pull on the chosen response would vanish once the rejected one is low enough."""

    def at(rejected):
        def of(chosen):
            return loss(Scores(one_token(chosen, rejected), one_token(0.0, 0.0)), Hyper()).sum()

        return gradient(of, torch.tensor(0.0, dtype=torch.float64)).item()

    assert at(-1000.0) == at(0.0) == pytest.approx(-0.05, rel=1e-12)
