"""SimPER."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.simper import Hyper, loss, reward

from .toys import gradient, one_token, tokens

SCORES = Scores(tokens([-1.0, -2.0, -3.0], [-3.0, -4.0]))
"""Mean log-probabilities -2 and -3.5."""


def test_by_hand():
    assert loss(SCORES, Hyper()).item() == pytest.approx(math.exp(-3.5) - math.exp(-2), rel=1e-12)
    assert reward(SCORES, Hyper())[0].tolist() == pytest.approx([math.exp(-2), math.exp(-3.5)], rel=1e-12)


def test_the_loss_lies_between_minus_one_and_one():
    best, worst = ((0.0, -1000.0), (-1000.0, 0.0))
    assert [loss(Scores(one_token(*pair)), Hyper()).item() for pair in (best, worst)] == [-1.0, 1.0]


def test_an_unlikely_response_is_hardly_pulled():
    """The slope is the inverse perplexity itself, here over one token."""

    def at(chosen):
        return loss(Scores(one_token(chosen, -1.0)), Hyper()).sum()

    for mean in (-0.1, -2.0, -20.0):
        assert gradient(at, torch.tensor(mean, dtype=torch.float64)).item() == pytest.approx(-math.exp(mean), rel=1e-12)
