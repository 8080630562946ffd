"""Nash-MD by policy gradient."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import Logps, Scores
from benchbench.methods.nash_md import METHOD, Hyper, loss

from .games import REFERENCE, WINS, distance, equilibrium, mixture
from .toys import gradient, random_logps, tokens


def test_the_gradient_by_hand():
    """It is beta times the token's log-ratio, less P - 1/2; values of a loss with a fixed factor say nothing."""
    policy, anchor = tokens([-1.0, -2.0]), tokens([-1.5, -1.0])
    column = {"win_against_mixture": torch.tensor([[0.75]], dtype=torch.float64)}

    def total(token):
        return loss(Scores(Logps(token, policy.response), anchor, None, column), Hyper(beta=0.1)).sum()

    assert gradient(total, policy.token).flatten().tolist() == pytest.approx([0.05 - 0.25, -0.1 - 0.25], rel=1e-12)


def test_even_odds_at_the_reference_leave_the_policy_where_it_is():
    policy = random_logps(1)
    column = {"win_against_mixture": torch.full((5, 2), 0.5, dtype=torch.float64)}

    def total(token):
        return loss(Scores(Logps(token, policy.response), policy, None, column), Hyper()).sum()

    assert gradient(total, policy.token).abs().max() == 0


def test_it_is_on_policy():
    assert METHOD.on_policy


# The game: an arm drawn from the policy, an opponent from the mixture.


def slope(logits: torch.Tensor, beta: float, share: float) -> torch.Tensor:
    """[A] the expected gradient in the logits of a softmax policy."""

    def total(leaf):
        policy = leaf.log_softmax(dim=0)
        token = policy[:, None, None]
        response = torch.ones_like(token, dtype=torch.bool)
        column = {"win_against_mixture": (WINS @ mixture(policy, share).exp()).detach()[:, None]}
        scores = Scores(Logps(token, response), Logps(REFERENCE[:, None, None], response), None, column)
        return (policy.exp().detach() * loss(scores, Hyper(beta))).sum()

    return gradient(total, logits)


def test_the_mean_gradient_is_that_of_win_rate_less_divergence():
    logits = torch.tensor([0.3, -0.2, 0.9], dtype=torch.float64)
    opponent = mixture(logits.log_softmax(dim=0), 0.25)

    def objective(leaf):
        policy = leaf.log_softmax(dim=0)
        return (policy.exp() * (0.1 * (policy - REFERENCE) - WINS @ opponent.exp())).sum()

    torch.testing.assert_close(slope(logits, 0.1, 0.25), gradient(objective, logits), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5])
def test_gradient_steps_reach_the_answer_to_the_mixture(share):
    """At share 0 the regularised equilibrium of rock, paper, scissors itself."""
    logits = REFERENCE
    for _ in range(4000):
        logits = logits - 0.5 * slope(logits, 0.2, share)
    assert distance(logits.log_softmax(dim=0), equilibrium(0.2, share)) < 1e-7
