"""GIPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.gipo import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def labelled(policy, reference, *p):
    return Scores(policy, reference, None, {"p_chosen": torch.tensor(p, dtype=torch.float64)})


def test_by_hand():
    """H = 8 at p = 0.75 counts half; 4 - 1 / (2 * 0.5) = 3, squared."""
    assert loss(labelled(one_token(8.0, 0.0), one_token(0.0, 0.0), 0.75), Hyper(beta=0.5)).item() == 9.0


def test_a_certain_label_is_ipo():
    other = methods.get("ipo")
    expected = other.loss(Scores(POLICY, REFERENCE), other.hyper(reduction="sum"))
    torch.testing.assert_close(loss(labelled(POLICY, REFERENCE, *[1.0] * 5), Hyper()), expected)


def test_an_undecided_label_teaches_nothing():
    """P = 1/2: 1 / (4 beta^2) = 25 whatever the policy, and no gradient."""

    def of(token):
        return loss(labelled(Logps(token, POLICY.response), REFERENCE, *[0.5] * 5), Hyper())

    torch.testing.assert_close(of(POLICY.token), torch.full((5,), 25.0, dtype=torch.float64))
    assert gradient(lambda token: of(token).sum(), POLICY.token).abs().max() == 0


def test_exchanging_the_responses_and_the_label_changes_nothing():
    p = [0.1, 0.4, 0.5, 0.8, 1.0]
    exchanged = [Logps(logps.token.flip(1), logps.response.flip(1)) for logps in (POLICY, REFERENCE)]
    torch.testing.assert_close(
        loss(labelled(*exchanged, *(1 - value for value in p)), Hyper()),
        loss(labelled(POLICY, REFERENCE, *p), Hyper()),
    )


def test_the_optimum_grows_as_the_label_nears_one_half():
    """At 1 / (2 beta (2p - 1)) the loss is zero: p = 0.6 and beta = 0.5 give 5 nats."""
    assert loss(labelled(one_token(5.0, 0.0), one_token(0.0, 0.0), 0.6), Hyper(beta=0.5)).item() == pytest.approx(0.0)


def test_its_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)


def test_a_label_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "p_chosen" and column.allows(0.0) and column.allows(1.0)
    assert not any(column.allows(wrong) for wrong in (1.2, -0.1, math.nan))
