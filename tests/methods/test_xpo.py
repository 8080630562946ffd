"""XPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.method import terms_of
from benchbench.core.scores import Logps, Scores
from benchbench.methods.xpo import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, ANCHOR = random_logps(1), random_logps(2)


def drawn(policy, reference, *flags):
    return Scores(policy, reference, None, {"from_reference": torch.tensor(flags, dtype=torch.float64)})


def test_by_hand():
    """A margin of 0.1 * 20 = 2; the reference drew the rejected response, of -7 nats."""
    terms = terms_of(loss(drawn(one_token(-2.0, -7.0), one_token(-22.0, -7.0), [0, 1]), Hyper(alpha=0.01)))
    assert terms["preference"].values.item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)
    assert terms["bonus"].values.item() == pytest.approx(-0.07, rel=1e-12)


@pytest.mark.parametrize(("loss_type", "name", "hyper"), [("sigmoid", "dpo", {}), ("ipo", "ipo", {"reduction": "sum"})])
def test_without_a_bonus_it_is_the_loss_of_the_pair(loss_type, name, hyper):
    other = methods.get(name)
    terms = terms_of(loss(drawn(POLICY, ANCHOR, *[[1, 0]] * 5), Hyper(alpha=0.0, loss_type=loss_type)))
    expected = other.loss(Scores(POLICY, ANCHOR), other.hyper(**hyper))
    torch.testing.assert_close(terms["preference"].values, expected)
    assert (terms["bonus"].values == 0).all()


@pytest.mark.parametrize("side", [0, 1])
def test_the_bonus_pushes_the_response_of_the_reference_down_whichever_side_won(side):
    flags = [[1, 0] if side == 0 else [0, 1]] * 5

    def bonus(token):
        scores = drawn(Logps(token, POLICY.response), ANCHOR, *flags)
        return terms_of(loss(scores, Hyper(alpha=0.5)))["bonus"].values.sum()

    slope = gradient(bonus, POLICY.token) * POLICY.response
    torch.testing.assert_close(slope[:, side], 0.5 * POLICY.response[:, side].to(slope))
    assert (slope[:, 1 - side] == 0).all()


def test_a_flag_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "from_reference" and column.per == "candidate"
    assert not any(column.allows(wrong) for wrong in (2.0, -1.0, math.nan))
