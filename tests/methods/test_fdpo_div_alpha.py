"""f-DPO with an alpha divergence."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.fdpo_div_alpha import Hyper, loss, reward

from .toys import one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """U = 4 and 1 at alpha 1/2: (1 - 1/2) / (1/2) = 1 and 0, times 2."""
    scores = Scores(one_token(math.log(4), 0.0), one_token(0.0, 0.0))
    assert loss(scores, Hyper(beta=2.0)).item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)
    assert reward(scores, Hyper(beta=2.0))[0].tolist() == pytest.approx([2.0, 0.0], abs=1e-12)


def test_as_alpha_goes_to_zero_it_is_dpo():
    """The reverse KL; (1 - u^-alpha) / alpha - log u is of order alpha."""
    dpo, scores = methods.get("dpo"), Scores(POLICY, REFERENCE)
    torch.testing.assert_close(loss(scores, Hyper(alpha=1e-9)), dpo.loss(scores, dpo.hyper()), rtol=1e-6, atol=0)


def test_at_alpha_one_it_is_the_forward_kl():
    other, scores = methods.get("fdpo_div_fkl"), Scores(POLICY, REFERENCE)
    torch.testing.assert_close(loss(scores, Hyper(alpha=1.0)), other.loss(scores, other.hyper()))


def test_far_below_the_reference_the_exponent_is_held():
    found = [loss(Scores(one_token(below, 0.0), one_token(0.0, 0.0)), Hyper()) for below in (-160.0, -500.0)]
    assert found[0].isfinite() and found[0] == found[1]


@pytest.mark.parametrize("wrong", [0.0, 1.5])
def test_an_order_outside_its_range_is_refused(wrong):
    with pytest.raises(ValueError, match=rf"alpha: expected a number in \(0, 1\], got {wrong}"):
        Hyper(alpha=wrong)
