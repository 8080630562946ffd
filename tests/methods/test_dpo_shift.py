"""DPO-Shift."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.dpo_shift import Hyper, loss

from .toys import gradient, one_token, random_logps

RANDOM = Scores(random_logps(1), random_logps(2))

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """0.1 * (4 + 0.6 * 5) = 0.7."""
    assert loss(SCORES, Hyper(beta=0.1, shift=0.6)).item() == pytest.approx(math.log(1 + math.exp(-0.7)), rel=1e-12)


def test_at_a_factor_of_one_it_is_dpo():
    dpo = methods.get("dpo")
    torch.testing.assert_close(loss(RANDOM, Hyper(beta=0.3, shift=1.0)), dpo.loss(RANDOM, dpo.hyper(beta=0.3)))


def test_the_rejected_response_is_pulled_by_the_factor_as_hard_as_the_chosen_one():
    def at(pair):
        return loss(Scores(one_token(pair[0], pair[1]), SCORES.reference), Hyper(shift=0.75)).sum()

    chosen, rejected = gradient(at, torch.tensor([-10.0, -25.0], dtype=torch.float64)).tolist()
    assert rejected == pytest.approx(-0.75 * chosen, rel=1e-12)
