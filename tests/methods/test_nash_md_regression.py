"""Nash-MD as a regression."""

from __future__ import annotations

import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.nash_md_regression import Hyper, loss

from .games import REFERENCE, WINS, distance, equilibrium, gradient_step, mixture, pairs, rates
from .toys import one_token, random_logps


def test_by_hand():
    """A margin of 1 nat, target (0.9 - 0.4) / 0.25 = 2."""
    wins = {"win_against_mixture": torch.tensor([[0.9, 0.4]], dtype=torch.float64)}
    assert loss(Scores(one_token(1.0, 0.0), one_token(0.0, 0.0), None, wins), Hyper(beta=0.25)).item() == 1.0


def test_it_is_the_loss_of_online_ipo_with_another_opponent():
    wins = torch.rand((5, 2), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    scores = Scores(random_logps(1), random_logps(2), None, {"win_against_policy": wins, "win_against_mixture": wins})
    first = methods.get("online_ipo1")
    torch.testing.assert_close(loss(scores, Hyper()), first.loss(scores, first.hyper()), rtol=0, atol=0)


def step(policy: torch.Tensor, eta: float, beta: float) -> torch.Tensor:
    """A gradient step on equally likely pairs, of size eta and against the mixture of m = eta beta."""
    columns = {"win_against_mixture": rates(mixture(policy, eta * beta))}
    rate = 0.75 * eta * beta  # the slope of three arms is 4 / 3 of what is left to the target
    return gradient_step(lambda logp: loss(pairs(logp, columns=columns), Hyper(beta)).mean(), policy, rate)


def test_a_step_is_that_of_nash_md():
    """The next policy ~ mixture exp(eta P(. over mixture)), Munos et al. 2023."""
    policy, eta, beta = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64).log(), 0.8, 0.5
    opponent = mixture(policy, eta * beta)
    expected = (opponent + eta * WINS @ opponent.exp()).log_softmax(dim=0)
    torch.testing.assert_close(step(policy, eta, beta), expected, rtol=1e-12, atol=1e-12)


def test_falling_steps_reach_the_regularised_equilibrium_as_the_paper_says():
    """Step sizes 2 / (beta (t + 2)): the last policy's KL to the equilibrium falls as 1 / t."""
    policy, beta, goal = REFERENCE, 0.3, equilibrium(0.3)
    divergences = []
    for t in range(1024):
        policy = step(policy, 2 / (beta * (t + 2)), beta)
        if t + 1 in (64, 256, 1024):
            divergences.append(float((goal.exp() * (goal - policy)).sum()))
    assert divergences[-1] < 1e-3 and distance(policy, goal) < 0.03
    assert divergences[0] > 3 * divergences[1] > 9 * divergences[2] > 0
