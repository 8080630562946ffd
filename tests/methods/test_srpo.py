"""SRPO."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.srpo import METHOD, Hyper, loss

from .toys import gradient, one_token

RATIOS = (0.5, -0.3, 0.6, 0.1, -0.2, 0.3)
"""rho_w, rho_l, q(w|l), q(l|l), q(l|w), q(w|w) of the independent calculation."""


def scores(ratios) -> Scores:
    return Scores(one_token(*ratios), one_token(*[0.0] * 6))


def test_both_losses_of_the_independent_calculation():
    """At beta 0.5 the improver's is 0.125 and the policy's 0.01 (derived losses, calculated elsewhere)."""
    assert METHOD.roles[2:] == (
        "chosen_after_rejected",
        "rejected_after_rejected",
        "rejected_after_chosen",
        "chosen_after_chosen",
    )
    terms = loss(scores(RATIOS), Hyper(beta=0.5, alpha=0.25))
    assert terms["improver"].values.item() == pytest.approx(0.25 * 0.125, rel=1e-12)
    assert terms["policy"].values.item() == pytest.approx(0.75 * 0.01, rel=1e-12)


def test_the_optimum_of_a_known_preference_costs_nothing():
    """The improver that adds P / beta to a response which wins with P, and the policy that follows from it."""
    ratios = (1.0, 0.0, 1.0, 0.0, 0.0, 1.0)  # q(w|.) = 1 / (2 beta) above q(l|.), rho_w - rho_l + 1 = 1 / beta
    terms = loss(scores(ratios), Hyper(beta=0.5))
    assert [term.values.item() for term in terms.values()] == [0.0, 0.0]


def test_a_share_of_zero_is_the_policy_s_loss_alone():
    token = torch.tensor(RATIOS, dtype=torch.float64)
    slope = gradient(lambda t: loss(scores(tuple(t)), Hyper(alpha=0.0))["improver"].values.sum(), token)
    assert slope.abs().max() == 0
