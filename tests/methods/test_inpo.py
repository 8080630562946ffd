"""INPO."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.inpo import Hyper, loss

from .games import FIRST, REFERENCE, SECOND, WINS, distance, equilibrium, minimiser, pairs
from .toys import one_token, random_logps

POLICY, OLD = random_logps(1), random_logps(2)


def test_by_hand():
    """A third of the reference, two thirds of the last policy: 4 - (3 + 2 * 1.5) / 3 = 2, target 1 / (2 * 0.3)."""
    scores = Scores(one_token(4.0, 0.0), one_token(3.0, 0.0), _previous=one_token(1.5, 0.0))
    found = loss(scores, Hyper(eta=0.3, tau=0.1))
    assert found.item() == pytest.approx((2 - 1 / 0.6) ** 2, rel=1e-12)


@pytest.mark.parametrize("tau", [0.01, 0.05, 0.09])
def test_with_one_anchor_it_is_ipo_on_sums_whatever_tau_is(tau):
    ipo = methods.get("ipo")
    expected = ipo.loss(Scores(POLICY, OLD), ipo.hyper(beta=0.1, reduction="sum"))
    torch.testing.assert_close(loss(Scores(POLICY, OLD, _previous=OLD), Hyper(eta=0.1, tau=tau)), expected)


def test_a_small_tau_forgets_the_reference():
    """It is then ONPO with the inverse step size."""
    onpo = methods.get("onpo")
    found = loss(Scores(POLICY, random_logps(3), _previous=OLD), Hyper(eta=0.1, tau=1e-9))
    torch.testing.assert_close(found, onpo.loss(Scores(POLICY, _previous=OLD), onpo.hyper(eta=10.0)), rtol=1e-6, atol=0)


def test_tau_must_be_below_eta():
    with pytest.raises(ValueError, match="^tau: expected a number below eta = 0.1, got 0.1"):
        Hyper(eta=0.1, tau=0.1)


# The game: pairs of the last policy, each labelled by P.


def round_of(policy: torch.Tensor, hyper: Hyper) -> torch.Tensor:
    """The minimiser of the expected loss."""
    weights = policy.exp()[FIRST] * policy.exp()[SECOND] * WINS[FIRST, SECOND]
    return minimiser(lambda logp: (weights * loss(pairs(logp, previous=policy), hyper)).sum(), policy)


def test_a_round_is_the_step_of_mirror_descent():
    policy, hyper = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64).log(), Hyper(eta=0.8, tau=0.2)
    step = WINS @ policy.exp() / 0.8 + 0.25 * REFERENCE + 0.75 * policy
    torch.testing.assert_close(round_of(policy, hyper), step.log_softmax(dim=0), rtol=1e-9, atol=1e-9)


def test_rounds_reach_the_equilibrium_that_tau_regularises():
    policy, hyper = REFERENCE, Hyper(eta=4.0, tau=0.4)
    for _ in range(300):
        policy = round_of(policy, hyper)
    assert distance(policy, equilibrium(0.4)) < 1e-8
