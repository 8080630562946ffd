"""CREAM."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.cream import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def trusted(policy, reference, *c):
    return Scores(policy, reference, None, {"consistency": torch.tensor(c, dtype=torch.float64)})


def test_by_hand():
    """A margin of 0.1 * 20 = 2 at C = 0.8."""
    expected = 0.8 * math.log(1 + math.exp(-2)) + 0.2 * math.log(1 + math.exp(2))
    found = loss(trusted(one_token(20.0, 0.0), one_token(0.0, 0.0), 0.8), Hyper())
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_full_consistency_is_dpo():
    dpo = methods.get("dpo")
    expected = dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper())
    torch.testing.assert_close(loss(trusted(POLICY, REFERENCE, *[1.0] * 5), Hyper()), expected)


def test_no_consistency_is_dpo_of_the_exchanged_pair():
    dpo = methods.get("dpo")
    exchanged = [Logps(logps.token.flip(1), logps.response.flip(1)) for logps in (POLICY, REFERENCE)]
    expected = dpo.loss(Scores(*exchanged), dpo.hyper())
    torch.testing.assert_close(loss(trusted(POLICY, REFERENCE, *[0.0] * 5), Hyper()), expected)


@pytest.mark.parametrize("margin", [-3.0, 0.0, 2.0])
def test_at_one_half_the_slope_is_beta_times_sigmoid_minus_one_half(margin):
    """C = 1/2 pulls the margin to zero: d/dh = beta (sigmoid(beta h) - 1/2)."""
    slope = gradient(
        lambda chosen: loss(trusted(one_token(chosen, 0.0), one_token(0.0, 0.0), 0.5), Hyper()).sum(),
        torch.tensor(margin / 0.1, dtype=torch.float64),
    )
    assert slope.item() == pytest.approx(0.1 * (1 / (1 + math.exp(-margin)) - 0.5), abs=1e-12)


def test_a_consistency_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "consistency" and column.allows(0.0) and column.allows(1.0)
    assert not any(column.allows(wrong) for wrong in (1.2, -0.1, math.nan))
