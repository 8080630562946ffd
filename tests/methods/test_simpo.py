"""SimPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.method import Over
from benchbench.core.scores import Scores
from benchbench.methods.simpo import Hyper, loss, reward

from .toys import tokens

SCORES = Scores(tokens([-1.0, -2.0, -3.0], [-3.0, -4.0]))
"""Mean log-probabilities -2 and -3.5: a gap of 1.5 nats per token."""


def test_by_hand():
    """2 * (1.5 - 1) = 1, and -log sigmoid(1) = log(1 + 1/e)."""
    assert loss(SCORES, Hyper(beta=2.0, margin=1.0)).item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-12)


def test_the_reward_leaves_the_margin_out():
    assert reward(SCORES, Hyper(beta=2.0, margin=1.0)).tolist() == [[-4.0, -7.0]]


def test_the_hinge_by_hand():
    """Beyond = 2 * (1.5 - 1.25) = 0.5, so 1 - 0.5."""
    assert loss(SCORES, Hyper(beta=2.0, margin=1.25, loss_type="hinge")).item() == 0.5


def test_label_smoothing_by_hand():
    """0.9 log(1 + 1/e) + 0.1 log(1 + e) at beyond = 1."""
    expected = 0.9 * math.log(1 + math.exp(-1)) + 0.1 * math.log(1 + math.e)
    found = loss(SCORES, Hyper(beta=2.0, margin=1.0, label_smoothing=0.1)).item()
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_likelihood_term_is_averaged_over_the_steps_chosen_tokens():
    """Weight 0.5 times 6 nats of the chosen response."""
    found = loss(SCORES, Hyper(sft_weight=0.5))
    assert found["sft"].over is Over.CHOSEN_TOKENS and found["sft"].values.tolist() == [3.0]
    torch.testing.assert_close(found["preference"].values, loss(SCORES, Hyper()))


def test_repeating_every_token_changes_nothing():
    """The reward is a mean: a response said twice is worth what it is worth once."""
    once, twice = tokens([-1.0, -2.0], [-0.5]), tokens([-1.0, -2.0, -1.0, -2.0], [-0.5, -0.5])
    torch.testing.assert_close(loss(Scores(twice), Hyper()), loss(Scores(once), Hyper()))


def test_the_margin_is_a_gap_between_means_whatever_beta():
    """A gap equal to the margin costs log 2 at every beta."""
    for beta in (0.5, 2.0, 10.0):
        assert loss(SCORES, Hyper(beta=beta, margin=1.5)).item() == pytest.approx(math.log(2), rel=1e-12)


def test_smoothing_that_the_hinge_would_ignore_is_refused():
    with pytest.raises(ValueError, match="label_smoothing: expected 0 with loss_type hinge, got 0.1"):
        Hyper(loss_type="hinge", label_smoothing=0.1)


def test_the_hinge_is_flat_beyond_its_margin():
    """Beyond = 4 * 1.5 = 6 is more than 1."""
    assert loss(SCORES, Hyper(beta=4.0, margin=0.0, loss_type="hinge")).item() == 0.0
