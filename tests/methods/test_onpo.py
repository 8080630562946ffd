"""ONPO."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.onpo import Hyper, loss

from .games import FIRST, REFERENCE, SECOND, WINS, minimiser, pairs
from .toys import one_token, random_logps


def test_by_hand():
    """A margin of 3 nats against the last policy, target 4 / 2."""
    scores = Scores(one_token(4.0, 0.0), _previous=one_token(1.0, 0.0))
    assert loss(scores, Hyper(eta=4.0)).item() == pytest.approx(1.0, rel=1e-12)


def test_it_is_ipo_on_sums_against_the_last_policy():
    """At beta = 1 / eta."""
    policy, old, ipo = random_logps(1), random_logps(2), methods.get("ipo")
    expected = ipo.loss(Scores(policy, old), ipo.hyper(beta=0.25, reduction="sum"))
    torch.testing.assert_close(loss(Scores(policy, _previous=old), Hyper(eta=4.0)), expected)


def fit(anchor: torch.Tensor, drawn_by: torch.Tensor, eta: float) -> torch.Tensor:
    """The minimiser over labelled pairs of one policy, against an anchor."""
    weights = drawn_by.exp()[FIRST] * drawn_by.exp()[SECOND] * WINS[FIRST, SECOND]
    return minimiser(lambda logp: (weights * loss(pairs(logp, previous=anchor), Hyper(eta=eta))).sum(), anchor)


def gap(policy: torch.Tensor) -> float:
    """How much the best answer wins over a policy, beyond one half: zero at the game's equilibrium."""
    return float((WINS @ policy.exp()).max() - 0.5)


def test_a_fit_multiplies_the_anchor_by_the_exponent_of_win_rates():
    policy = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64).log()
    step = REFERENCE + 0.7 * WINS @ policy.exp()
    torch.testing.assert_close(fit(REFERENCE, policy, 0.7), step.log_softmax(dim=0), rtol=1e-9, atol=1e-9)


def test_two_fits_a_round_reach_the_equilibrium_where_one_goes_round_it():
    eta, plain, policy, auxiliary = 1.0, REFERENCE, REFERENCE, REFERENCE
    for _ in range(150):
        plain = fit(plain, plain, eta)
        auxiliary = fit(auxiliary, policy, eta)
        policy = fit(auxiliary, policy, eta)
    assert gap(policy) < 1e-3
    assert gap(plain) > 0.2
