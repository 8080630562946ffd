"""alpha-SPIN."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.alpha_spin import METHOD, Hyper, loss

from .games import REFERENCE, mixture, pairs
from .toys import gradient, one_token, random_logps

POLICY, ANCHOR, OLD = random_logps(1), random_logps(2), random_logps(3)


def test_by_hand():
    """A quarter of the reference: 24 - (0.25 * 10 + 0.75 * 2) = 20 nats, times 0.1."""
    scores = Scores(one_token(24.0, 0.0), one_token(10.0, 0.0), _previous=one_token(2.0, 0.0))
    assert loss(scores, Hyper(alpha=0.25)).item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)


@pytest.mark.parametrize(("alpha", "name"), [(1.0, "dpo"), (0.0, "dno_prct")])
def test_its_ends_are_dpo_and_spin(alpha, name):
    other, scores = methods.get(name), Scores(POLICY, ANCHOR, _previous=OLD)
    torch.testing.assert_close(loss(scores, Hyper(alpha=alpha)), other.loss(scores, other.hyper()))


def test_the_mixture_need_not_be_normalised():
    """Against the normalised mixture of three arms, as a reference, DPO is the same."""
    policy, old = (torch.tensor(p, dtype=torch.float64).log() for p in ([0.2, 0.5, 0.3], [0.1, 0.6, 0.3]))
    found = loss(pairs(policy, previous=old), Hyper(alpha=0.3))
    dpo, whole = methods.get("dpo"), pairs(policy, previous=mixture(old, 0.3))
    torch.testing.assert_close(found, dpo.loss(Scores(whole.policy, whole.previous), dpo.hyper()))


def test_where_the_policy_draws_as_the_data_do_the_mean_slope_is_zero_at_alpha_zero():
    """The fixed point of SPIN: chosen and rejected from one policy, at which training starts and stays."""
    data = REFERENCE.exp()
    weights = (data[:, None] * data[None]).flatten()
    slope = gradient(lambda p: (weights * loss(pairs(p, previous=REFERENCE), Hyper(alpha=0.0))).sum(), REFERENCE)
    assert slope.abs().max() < 1e-15


def test_the_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)
