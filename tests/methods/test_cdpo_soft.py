"""cDPO with soft labels."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.cdpo_soft import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def labelled(policy, reference, *p):
    return Scores(policy, reference, None, {"p_chosen": torch.tensor(p, dtype=torch.float64)})


def test_by_hand():
    """A margin of 0.1 * 20 = 2 at p = 0.75: 3/4 log(1 + exp(-2)) + 1/4 log(1 + exp(2))."""
    expected = 0.75 * math.log(1 + math.exp(-2)) + 0.25 * math.log(1 + math.exp(2))
    found = loss(labelled(one_token(20.0, 0.0), one_token(0.0, 0.0), 0.75), Hyper(beta=0.1))
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_a_certain_label_is_dpo():
    other = methods.get("dpo")
    expected = other.loss(Scores(POLICY, REFERENCE), other.hyper())
    torch.testing.assert_close(loss(labelled(POLICY, REFERENCE, *[1.0] * 5), Hyper()), expected)


def test_one_label_for_all_pairs_is_cdpo():
    """Label smoothing e is p = 1 - e."""
    cdpo = methods.get("cdpo")
    expected = cdpo.loss(Scores(POLICY, REFERENCE), cdpo.hyper(label_smoothing=0.2))
    torch.testing.assert_close(loss(labelled(POLICY, REFERENCE, *[0.8] * 5), Hyper()), expected)


def test_exchanging_the_responses_and_the_label_changes_nothing():
    p = [0.1, 0.4, 0.5, 0.8, 1.0]
    exchanged = [Logps(logps.token.flip(1), logps.response.flip(1)) for logps in (POLICY, REFERENCE)]
    torch.testing.assert_close(
        loss(labelled(*exchanged, *(1 - value for value in p)), Hyper()),
        loss(labelled(POLICY, REFERENCE, *p), Hyper()),
    )


@pytest.mark.parametrize("p", [0.3, 0.5, 0.9])
def test_the_optimum_is_finite(p):
    """The slope in the margin vanishes at beta h = log(p / (1 - p))."""
    best = torch.tensor(math.log(p / (1 - p)) / 0.1, dtype=torch.float64)
    slope = gradient(
        lambda chosen: loss(labelled(one_token(chosen, 0.0), one_token(0.0, 0.0), p), Hyper(beta=0.1)).sum(), best
    )
    assert abs(slope.item()) < 1e-12


def test_a_label_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "p_chosen" and column.allows(0.0) and column.allows(1.0)
    assert not any(column.allows(wrong) for wrong in (1.2, -0.1, math.nan))
