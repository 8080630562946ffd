"""cDPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.cdpo import Hyper, loss

from .toys import gradient, one_token, random_logps


def at(margin):
    """Scores whose log-ratio margin is given, in nats."""
    return Scores(one_token(margin, 0.0), one_token(0.0, 0.0))


def test_by_hand():
    """Margin 10, beta 0.1: 0.75 * log(1 + 1/e) + 0.25 * log(1 + e)."""
    expected = 0.75 * math.log(1 + math.exp(-1)) + 0.25 * math.log(1 + math.e)
    assert loss(at(10.0), Hyper(beta=0.1, label_smoothing=0.25)).item() == pytest.approx(expected, rel=1e-12)


def test_without_smoothing_it_is_dpo():
    scores, dpo = Scores(random_logps(1), random_logps(2)), methods.get("dpo")
    torch.testing.assert_close(
        loss(scores, Hyper(beta=0.3, label_smoothing=0.0)), dpo.loss(scores, dpo.hyper(beta=0.3))
    )


def test_the_optimum_is_the_logit_of_the_smoothed_label():
    """At beta * h = log(0.9 / 0.1) the slope is zero, below it negative and above it positive."""
    best = math.log(9) / 0.1
    slopes = [
        gradient(lambda m: loss(at(m), Hyper(beta=0.1, label_smoothing=0.1)).sum(), torch.tensor(best + step)).item()
        for step in (-1.0, 0.0, 1.0)
    ]
    assert slopes[0] < -1e-4 and abs(slopes[1]) < 1e-7 and slopes[2] > 1e-4


@pytest.mark.parametrize("label_smoothing", [0.5, 0.9, -0.1])
def test_a_label_that_is_wrong_more_often_than_right_is_refused(label_smoothing):
    with pytest.raises(ValueError, match=rf"label_smoothing: expected a number in \[0, 0.5\), got {label_smoothing}"):
        Hyper(label_smoothing=label_smoothing)
