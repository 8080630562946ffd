"""SPPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.sppo import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def rated(policy, reference, *rates):
    return Scores(policy, reference, None, {"win_rate": torch.tensor(rates, dtype=torch.float64)})


def test_by_hand():
    """Targets (0.75 - 0.5) / 0.1 = 2.5 and (0.25 - 0.5) / 0.1 = -2.5: half of 1.5^2 + 3.5^2."""
    scores = rated(one_token(4.0, 1.0), one_token(0.0, 0.0), [0.75, 0.25])
    assert loss(scores, Hyper(beta=0.1)).item() == pytest.approx(0.5 * (1.5**2 + 3.5**2), rel=1e-12)


def test_win_rates_of_one_and_zero_are_half_of_sppo_hard():
    hard = methods.get("sppo_hard")
    found = loss(rated(POLICY, REFERENCE, *[[1.0, 0.0]] * 5), Hyper(beta=0.1))
    torch.testing.assert_close(2 * found, hard.loss(Scores(POLICY, REFERENCE), hard.hyper(beta=0.1)))


def test_even_win_rates_pull_both_responses_to_the_reference():
    found = loss(rated(POLICY, REFERENCE, *[[0.5, 0.5]] * 5), Hyper())
    torch.testing.assert_close(found, 0.5 * (POLICY.sum() - REFERENCE.sum()).square().sum(dim=-1))


def test_each_response_has_its_own_target():
    """The rejected win rate does not enter the slope of the chosen response."""

    def slope(rate):
        return gradient(
            lambda token: loss(
                rated(Logps(token, POLICY.response), REFERENCE, *[[0.9, rate]] * 5), Hyper(beta=0.1)
            ).sum(),
            POLICY.token,
        )

    torch.testing.assert_close(slope(0.1)[:, 0], slope(0.4)[:, 0])
    assert (slope(0.1)[:, 1] - slope(0.4)[:, 1]).abs().max() > 1


def test_a_rate_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "win_rate" and column.allows(0.0) and column.allows(1.0)
    assert not any(column.allows(wrong) for wrong in (1.2, -0.1, math.nan))
