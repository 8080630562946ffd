"""Small log-probabilities to test losses with; random ones, with what a method declares, are the contract's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from benchbench.contract.scores import (
    accepted_candidates,
    between,
    declared,
    lengthened,
    of_step,
    random_columns,
    random_logps,
    random_scores,
    taken,
    usual_candidates,
    with_policy_tokens,
)
from benchbench.core.method import Method
from benchbench.core.scores import Logps, Scores

__all__ = [
    "accepted_candidates",
    "between",
    "declared",
    "gradient",
    "lengthened",
    "listed",
    "low_columns",
    "of_step",
    "one_token",
    "random_columns",
    "random_logps",
    "random_scores",
    "some",
    "taken",
    "tokens",
    "usual_candidates",
    "with_policy_tokens",
]


def one_token(*values: float | Tensor, dtype: torch.dtype = torch.float64) -> Logps:
    """One example whose K candidates have one response token each."""
    token = torch.stack([torch.as_tensor(value, dtype=dtype) for value in values])[None, :, None]
    return Logps(token, torch.ones_like(token, dtype=torch.bool))


def tokens(*candidates: Sequence[float]) -> Logps:
    """One example whose K candidates have the given log-probabilities, padded on the right."""
    longest = max(len(candidate) for candidate in candidates)
    rows = torch.tensor(
        [[*candidate, *[0.0] * (longest - len(candidate))] for candidate in candidates], dtype=torch.float64
    )
    lengths = torch.tensor([len(candidate) for candidate in candidates])
    return Logps(rows[None], (torch.arange(longest) < lengths[:, None])[None])


def listed(
    policy: Sequence[float],
    *,
    reference: Sequence[float] | None = None,
    reward: Sequence[float] | None = None,
    **columns: float | Sequence[float],
) -> Scores:
    """One example whose K candidates have one response token each, with rewards and columns as they are given."""
    return Scores(
        one_token(*policy),
        None if reference is None else one_token(*reference),
        None if reward is None else torch.tensor([reward], dtype=torch.float64),
        {name: torch.tensor([value], dtype=torch.float64) for name, value in columns.items()},
    )


def some(logps: Logps, places: Sequence[int]) -> Logps:
    """The same of some candidates."""
    return Logps(logps.token[:, [*places]], logps.response[:, [*places]])


def low_columns(method: Method, share: float = 0.2) -> dict[str, Tensor]:
    """Values for one example at a fifth of each range: of a soft label, one that prefers the second response."""
    candidates = usual_candidates(method)
    return {
        column.name: torch.full((1,) if column.per == "example" else (1, candidates), between(column, share))
        for column in method.columns
    }


def gradient(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """Gradient of a scalar function."""
    at = at.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(function(at), at)
    return found
