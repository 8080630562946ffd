"""Rock, paper, scissors as a game of two policies over three responses, in which every expectation is exact.

A response is an arm, one token long; losses are taken over all ordered pairs of arms, weighted by how likely they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from scipy.optimize import root
from torch import Tensor

from benchbench.core.scores import Logps, Scores

ARMS = 3
WINS = torch.tensor([[0.5, 0.0, 1.0], [1.0, 0.5, 0.0], [0.0, 1.0, 0.5]], dtype=torch.float64)
"""[A, A] probability that the row's arm is preferred to the column's."""
FIRST = torch.arange(ARMS).repeat_interleave(ARMS)
SECOND = torch.arange(ARMS).repeat(ARMS)
REFERENCE = torch.tensor([0.6, 0.3, 0.1], dtype=torch.float64).log()
"""[A] log-probabilities that no equilibrium has."""


def pairs(policy: Tensor, *, previous: Tensor | None = None, columns: Mapping[str, Tensor] | None = None) -> Scores:
    """All A * A ordered pairs of arms, from [A] log-probabilities and from columns that are ready."""

    def of(logp: Tensor) -> Logps:
        token = torch.stack([logp[FIRST], logp[SECOND]], dim=1)[..., None]
        return Logps(token, torch.ones_like(token, dtype=torch.bool))

    anchor = None if previous is None else of(previous)
    return Scores(of(policy), of(REFERENCE), None, columns or {}, _previous=anchor)


def rates(opponent: Tensor) -> Tensor:
    """[A * A, 2] win rate of each arm of a pair over an opponent's [A] log-probabilities."""
    win = WINS @ opponent.exp()
    return torch.stack([win[FIRST], win[SECOND]], dim=1)


def mixture(policy: Tensor, share: float) -> Tensor:
    """[A] log-probabilities of policy^(1 - share) ref^share."""
    return ((1 - share) * policy + share * REFERENCE).log_softmax(dim=0)


def minimiser(loss: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """[A] log-probabilities that minimise a quadratic function of them, up to a constant: one Newton step."""

    def slope(logp: Tensor) -> Tensor:
        leaf = logp.detach().requires_grad_()
        return torch.autograd.grad(loss(leaf), leaf)[0]

    start = slope(at)
    curvature = torch.stack([slope(at + row) - start for row in torch.eye(ARMS, dtype=torch.float64)])
    return (at - torch.linalg.pinv(curvature, hermitian=True) @ start).log_softmax(dim=0)


def gradient_step(
    loss: Callable[[Tensor], Tensor], at: Tensor, rate: float, *, slope_at: Tensor | None = None
) -> Tensor:
    """[A] log-probabilities a step of the rate from `at`, against the slope at another point where one is given."""
    leaf = (at if slope_at is None else slope_at).detach().requires_grad_()
    (slope,) = torch.autograd.grad(loss(leaf), leaf)
    return (at.detach() - rate * slope).log_softmax(dim=0)


def equilibrium(beta: float, share: float = 0.0) -> Tensor:
    """[A] log pi of pi ~ ref exp(P(. over opponent) / beta), the opponent pi, or its mixture with the reference.

    At share 0 it is the Nash equilibrium of the game that beta times the KL to the reference regularises.
    """

    def residual(logits: list[float]) -> list[float]:
        policy = torch.as_tensor(logits, dtype=torch.float64).log_softmax(dim=0)
        answer = REFERENCE + WINS @ mixture(policy, share).exp() / beta
        return (policy - answer.log_softmax(dim=0)).tolist()

    found = root(residual, [0.0] * ARMS, tol=1e-13)
    assert max(map(abs, residual(found.x))) < 1e-9
    return torch.as_tensor(found.x, dtype=torch.float64).log_softmax(dim=0)


def distance(policy: Tensor, other: Tensor) -> float:
    """Largest difference of two policies' probabilities."""
    return float((policy.exp() - other.exp()).abs().max())
