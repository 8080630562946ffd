"""The first of K candidates, by the softmax of the rewards."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.reward_objectives import bradley_terry
from benchbench.reward_objectives.contrastive import Hyper, loss

from .toys import rewards


def test_by_hand():
    """contrastive: rewards log 2, 0, 0 at temperature 1 give the first 2/4; at 1/2 they give it 4/6."""
    scores = rewards([math.log(2), 0.0, 0.0])
    assert loss(scores, Hyper()).item() == pytest.approx(math.log(2), rel=1e-12)
    assert loss(scores, Hyper(temperature=0.5)).item() == pytest.approx(math.log(1.5), rel=1e-12)


def test_two_candidates_are_bradley_terry():
    plain = bradley_terry.loss(rewards([0.7, -0.2]), bradley_terry.Hyper())["bradley_terry"].values
    torch.testing.assert_close(loss(rewards([0.7, -0.2]), Hyper()), plain, rtol=1e-14, atol=0)


def test_one_candidate_and_a_temperature_of_zero_are_refused():
    with pytest.raises(ValueError, match="K = 1"):
        loss(rewards([0.5]), Hyper())
    with pytest.raises(ValueError, match="temperature: expected a finite number above 0"):
        Hyper(temperature=0.0)
