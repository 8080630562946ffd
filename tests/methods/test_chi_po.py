"""chi-PO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.chi_po import Hyper, loss

from .toys import one_token


def at(chosen, rejected, hyper, dtype=torch.float64):
    """Loss of a pair with these log-ratios."""
    return loss(Scores(one_token(chosen, rejected, dtype=dtype), one_token(0.0, 0.0, dtype=dtype)), hyper).item()


def test_by_hand():
    """0.1 * (e + 1 - 1 / e + 1): links of log-ratios 1 and -1."""
    margin = 0.1 * (math.e + 1 - math.exp(-1) + 1)
    assert at(1.0, -1.0, Hyper(beta=0.1)) == pytest.approx(math.log(1 + math.exp(-margin)), rel=1e-12)


def test_near_the_reference_it_is_dpo_with_two_beta():
    """exp(l) + l is 1 + 2 l there."""
    dpo, scores = methods.get("dpo"), Scores(one_token(1e-6, -2e-6), one_token(0.0, 0.0))
    expected = dpo.loss(scores, dpo.hyper(beta=0.2)).item()
    assert loss(scores, Hyper(beta=0.1)).item() == pytest.approx(expected, rel=1e-11)


def test_far_below_the_reference_it_is_dpo_with_beta():
    dpo, scores = methods.get("dpo"), Scores(one_token(-50.0, -60.0), one_token(0.0, 0.0))
    torch.testing.assert_close(loss(scores, Hyper(beta=0.1)), dpo.loss(scores, dpo.hyper(beta=0.1)))


def test_the_margin_is_clipped_to_twice_the_largest_reward():
    hyper = Hyper(beta=0.1, r_max=1.0)
    assert at(50.0, 0.0, hyper) == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)
    assert at(0.0, 50.0, hyper) == pytest.approx(math.log(1 + math.exp(2)), rel=1e-12)


def test_two_responses_far_above_the_reference_are_finite():
    """exp(1000) less exp(1000) is not a number."""
    assert at(1000.0, 900.0, Hyper(), torch.float32) == pytest.approx(math.log(1 + math.exp(-10)), rel=1e-5)
