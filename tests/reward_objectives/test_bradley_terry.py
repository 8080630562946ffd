"""Bradley-Terry."""

from __future__ import annotations

import math

import pytest

from benchbench.core.method import terms_of
from benchbench.reward_objectives.bradley_terry import OBJECTIVE, Hyper, loss

from .toys import rewards


def test_the_golden_value():
    """Mean of bradley_terry over three pairs, computed independently of this code and of TRL's."""
    scores = rewards([1.2, 0.4], [-0.3, 0.5], [0.8, 0.8])
    assert loss(scores, Hyper())["bradley_terry"].values.mean().item() == pytest.approx(0.745116170819, rel=1e-11)


def test_a_tie_costs_log_two():
    (term,) = terms_of(OBJECTIVE.loss(rewards([5.0, 5.0]), Hyper())).values()
    assert term.values.item() == pytest.approx(math.log(2), rel=1e-12)
