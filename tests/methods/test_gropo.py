"""GROPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.gropo import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def labelled(policy, reference, *p):
    return Scores(policy, reference, None, {"p_chosen": torch.tensor(p, dtype=torch.float64)})


def test_by_hand():
    """A margin of 0.1 * 40 at p = 0.75 counts half, 2: 0.1 log(1 + exp(-2)) + 2 / (1 + exp(2))."""
    expected = 0.1 * math.log(1 + math.exp(-2)) + 2 / (1 + math.exp(2))
    found = loss(labelled(one_token(40.0, 0.0), one_token(0.0, 0.0), 0.75), Hyper())
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_a_certain_label_is_ropo():
    other = methods.get("ropo")
    expected = other.loss(Scores(POLICY, REFERENCE), other.hyper())
    torch.testing.assert_close(loss(labelled(POLICY, REFERENCE, *[1.0] * 5), Hyper()), expected)


def test_without_the_bounded_term_it_is_gdpo():
    gdpo, scores = methods.get("gdpo"), labelled(POLICY, REFERENCE, 0.1, 0.4, 0.5, 0.8, 1.0)
    torch.testing.assert_close(loss(scores, Hyper(alpha=0.0, gamma=1.0)), gdpo.loss(scores, gdpo.hyper()))


def test_an_undecided_label_teaches_nothing():
    """P = 1/2: 0.1 log 2 + 2 / 2 whatever the policy, and no gradient."""

    def of(token):
        return loss(labelled(Logps(token, POLICY.response), REFERENCE, *[0.5] * 5), Hyper())

    torch.testing.assert_close(of(POLICY.token), torch.full((5,), 0.1 * math.log(2) + 1, dtype=torch.float64))
    assert gradient(lambda token: of(token).sum(), POLICY.token).abs().max() == 0


def test_exchanging_the_responses_and_the_label_changes_nothing():
    p = [0.1, 0.4, 0.5, 0.8, 1.0]
    exchanged = [Logps(logps.token.flip(1), logps.response.flip(1)) for logps in (POLICY, REFERENCE)]
    torch.testing.assert_close(
        loss(labelled(*exchanged, *(1 - value for value in p)), Hyper()),
        loss(labelled(POLICY, REFERENCE, *p), Hyper()),
    )


def test_a_wrong_pair_has_a_bounded_cost_without_dpos_term():
    """Gamma 0: alpha * sigmoid of minus the margin, at most alpha."""
    scores = labelled(one_token(-1e6, 0.0), one_token(0.0, 0.0), 1.0)
    assert loss(scores, Hyper(gamma=0.0)).item() == 2.0


def test_its_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)


def test_a_label_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "p_chosen" and column.allows(0.0) and column.allows(1.0)
    assert not any(column.allows(wrong) for wrong in (1.2, -0.1, math.nan))
