"""Diffusion-DRO in text."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.dro_twin import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """1 - 0.1 * 4."""
    assert loss(Scores(one_token(5.0, 1.0), one_token(0.0, 0.0)), Hyper()).item() == pytest.approx(0.6, rel=1e-12)


def test_beyond_the_margin_it_costs_nothing_and_teaches_nothing():
    def of(chosen):
        return loss(Scores(one_token(chosen, 0.0), one_token(0.0, 0.0)), Hyper()).sum()

    at = torch.tensor(11.0, dtype=torch.float64)
    assert of(at) == 0 and gradient(of, at) == 0


def test_below_the_margin_the_slope_is_beta():
    slope = gradient(
        lambda chosen: loss(Scores(one_token(chosen, 0.0), one_token(0.0, 0.0)), Hyper()).sum(), torch.tensor(-30.0)
    )
    assert slope.item() == pytest.approx(-0.1)


def test_it_is_a_twin():
    assert METHOD.marks == ("twin",) and "images" in METHOD.twin_of
