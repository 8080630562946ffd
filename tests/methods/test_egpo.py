"""EGPO."""

from __future__ import annotations

import torch
from torch import nn

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.egpo import METHOD, Hyper, loss
from benchbench.training.half_steps import HalfSteps

from .games import REFERENCE, distance, equilibrium, pairs, rates
from .toys import one_token, random_logps


def rated(policy, reference, *wins):
    return Scores(policy, reference, None, {"win_against_policy": torch.tensor(wins, dtype=torch.float64)})


def test_by_hand():
    """A margin of 1 nat, target (0.9 - 0.4) / 0.25 = 2."""
    assert loss(rated(one_token(1.0, 0.0), one_token(0.0, 0.0), [0.9, 0.4]), Hyper(beta=0.25)).item() == 1.0


def test_the_loss_is_that_of_online_ipo_and_the_steps_are_not():
    plain = methods.get("online_ipo1")
    scores = rated(random_logps(1), random_logps(2), *[[0.9, 0.3]] * 5)
    torch.testing.assert_close(loss(scores, Hyper()), plain.loss(scores, plain.hyper()))
    assert METHOD.half_steps and not plain.half_steps


# The game: pairs of all arms, equally likely, and a third response from the policy of the moment.


class Policy(nn.Module):
    """A softmax over the arms, which starts at the reference."""

    def __init__(self) -> None:
        super().__init__()
        self.logits = nn.Parameter(REFERENCE.clone())

    @property
    def logps(self) -> torch.Tensor:
        return self.logits.log_softmax(dim=0)


def distances(steps: int, *, rate: float, every: int, beta: float = 0.05, half_steps: bool = True) -> list[float]:
    """Distance from the regularised equilibrium after every so many steps of the training's own half steps."""
    policy, taken, found = Policy(), HalfSteps(), []
    optimizer = torch.optim.SGD(policy.parameters(), lr=rate)
    for step in range(steps):
        optimizer.zero_grad()
        columns = {"win_against_policy": rates(policy.logps.detach())}
        loss(pairs(policy.logps, columns=columns), Hyper(beta)).mean().backward()
        if half_steps:
            taken.before_update(step, policy, optimizer)
        optimizer.step()
        taken.end_step(step + 1, policy)
        if (step + 1) % every == 0:
            found.append(distance(policy.logps.detach(), equilibrium(beta)))
    return found


def test_half_steps_reach_the_regularised_equilibrium_of_rock_paper_scissors():
    """In its last iterate, by a constant factor each hundred half steps; plain steps of the same size do not."""
    after = distances(1000, rate=0.05, every=100)
    assert after[-1] < 1e-8
    assert max(later / before for before, later in zip(after[:4], after[1:5], strict=True)) < 0.2
    assert distances(400, rate=0.05, every=400, half_steps=False)[0] > 0.1


def test_weights_at_the_equilibrium_stay_there():
    policy, taken, goal = Policy(), HalfSteps(), equilibrium(0.5)
    policy.logits.data.copy_(goal)
    optimizer = torch.optim.SGD(policy.parameters(), lr=0.05)
    for step in range(4):
        optimizer.zero_grad()
        columns = {"win_against_policy": rates(policy.logps.detach())}
        loss(pairs(policy.logps, columns=columns), Hyper(0.5)).mean().backward()
        taken.before_update(step, policy, optimizer)
        optimizer.step()
        taken.end_step(step + 1, policy)
    assert distance(policy.logps.detach(), goal) < 1e-12
