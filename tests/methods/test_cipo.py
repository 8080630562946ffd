"""cIPO."""

from __future__ import annotations

import math

import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.cipo import METHOD, Hyper, loss

from .toys import one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def labelled(policy, reference, *p):
    return Scores(policy, reference, None, {"p_chosen": torch.tensor(p, dtype=torch.float64)})


def test_by_hand():
    """H = 3 and a target of (2 * 0.75 - 1) / (2 * 0.5) = 0.5: 2.5^2."""
    assert loss(labelled(one_token(3.0, 0.0), one_token(0.0, 0.0), 0.75), Hyper(beta=0.5)).item() == 6.25


def test_a_certain_label_is_ipo():
    other = methods.get("ipo")
    expected = other.loss(Scores(POLICY, REFERENCE), other.hyper(reduction="sum"))
    torch.testing.assert_close(loss(labelled(POLICY, REFERENCE, *[1.0] * 5), Hyper()), expected)


def test_exchanging_the_responses_and_the_label_changes_nothing():
    p = [0.1, 0.4, 0.5, 0.8, 1.0]
    exchanged = [Logps(logps.token.flip(1), logps.response.flip(1)) for logps in (POLICY, REFERENCE)]
    torch.testing.assert_close(
        loss(labelled(*exchanged, *(1 - value for value in p)), Hyper()),
        loss(labelled(POLICY, REFERENCE, *p), Hyper()),
    )


def test_an_undecided_label_pulls_the_margin_to_zero():
    found = loss(labelled(one_token(3.0, 0.0), one_token(0.0, 0.0), 0.5), Hyper())
    assert found.item() == 9.0


def test_a_label_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "p_chosen" and column.allows(0.0) and column.allows(1.0)
    assert not any(column.allows(wrong) for wrong in (1.2, -0.1, math.nan))
