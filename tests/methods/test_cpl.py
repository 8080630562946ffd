"""CPL."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Logps, Scores
from benchbench.methods.cpl import Hyper, loss, reward

from .toys import tokens

SCORES = Scores(tokens([-1.0, -2.0], [-2.0, -2.0, -4.0]))


def test_by_hand():
    """Discount 1/2: -1 - 1 = -2 and -2 - 1 - 1 = -4; 0.5 * (-2 + 0.25 * 4) = -0.5."""
    found = loss(SCORES, Hyper(alpha=0.5, rejected_scale=0.25, discount=0.5))
    assert found.item() == pytest.approx(math.log(1 + math.exp(0.5)), rel=1e-12)
    assert reward(SCORES, Hyper(alpha=0.5, discount=0.5)).tolist() == [[-1.0, -2.0]]


def test_without_discount_and_scale_it_is_cpos_preference_term():
    """Four pairs whose CPO preference terms at beta 0.1 were calculated independently."""
    sums = [[-4.5272, -4.0505], [-5.959, -4.331], [-10.499, -7.7773], [-0.4764, -7.5474]]
    policy = Logps(torch.tensor(sums, dtype=torch.float64)[..., None], torch.ones((4, 2, 1), dtype=torch.bool))
    expected = [0.717266207281, 0.777856508399, 0.838463304684, 0.400835765884]
    assert loss(Scores(policy), Hyper(rejected_scale=1.0)).tolist() == pytest.approx(expected, rel=1e-10)


def test_of_equal_margins_the_one_nearer_to_the_data_costs_less():
    """The bias of the rejected side: lambda < 1 breaks the invariance to a shift of both."""
    near, far = (Scores(tokens([chosen], [chosen - 2])) for chosen in (-1.0, -10.0))
    assert loss(near, Hyper()) < loss(far, Hyper())
    torch.testing.assert_close(loss(near, Hyper(rejected_scale=1.0)), loss(far, Hyper(rejected_scale=1.0)))


def test_tokens_are_counted_from_the_response_wherever_it_begins():
    policy = SCORES.policy
    behind = Logps(
        torch.nn.functional.pad(policy.token, (2, 0)), torch.nn.functional.pad(policy.response, (2, 0), value=False)
    )
    hyper = Hyper(discount=0.9)
    torch.testing.assert_close(loss(Scores(behind), hyper), loss(SCORES, hyper))


@pytest.mark.parametrize("name", ["rejected_scale", "discount"])
@pytest.mark.parametrize("wrong", [0.0, 1.1])
def test_a_factor_outside_its_range_is_refused(name, wrong):
    with pytest.raises(ValueError, match=rf"{name}: expected a number in \(0, 1\], got {wrong}"):
        Hyper(**{name: wrong})
