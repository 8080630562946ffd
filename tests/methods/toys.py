"""Small log-probabilities to test losses with, and the step average that the training loop takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from benchbench.core.method import Candidates, Column, Method, Need, Over, terms_of
from benchbench.core.scores import Logps, Scores


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


def random_logps(
    seed: int, *, examples: int = 5, candidates: int = 2, length: int = 6, dtype: torch.dtype = torch.float64
) -> Logps:
    """[B, K, T] log-probabilities in (-3, 0) of responses of 1 to T tokens; one seed, one set of lengths per shape."""
    rng = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, length + 1, (examples, candidates), generator=torch.Generator().manual_seed(0))
    response = torch.arange(length) < lengths[..., None]
    token = -3 * torch.rand((examples, candidates, length), generator=rng, dtype=torch.float64)
    return Logps(torch.where(response, token, 0.0).to(dtype), response)


def declared(
    method: Method, policy: Logps, *, reference: Logps, reward: Tensor, columns: Mapping[str, Tensor]
) -> Scores:
    """Scores that hold what the method declares and nothing else."""
    return Scores(
        policy,
        reference if Need.REFERENCE in method.needs else None,
        reward if Need.REWARD in method.needs else None,
        {column.name: columns[column.name] for column in method.columns},
        {name: random_weights(name, policy) for name in method.token_weights},
    )


def random_weights(name: str, policy: Logps) -> Tensor:
    """[B, K, T] weights in (0.5, 1.5) of the scored tokens, zero elsewhere; one name, one set of weights per shape."""
    rng = torch.Generator().manual_seed(sum(name.encode()))
    weights = 0.5 + torch.rand(policy.token.shape, generator=rng, dtype=torch.float64)
    return torch.where(policy.response, weights, 0.0).to(policy.token.dtype)


def between(column: Column, share: float) -> float:
    """The value that lies so far into a column's range; where an end is open, within 5 of the other or of 0."""
    low = column.low if math.isfinite(column.low) else min(column.high, 5.0) - 10.0
    high = column.high if math.isfinite(column.high) else max(column.low, -5.0) + 10.0
    return low + share * (high - low)


def random_columns(
    method: Method, rng: torch.Generator, *, examples: int, candidates: int, dtype: torch.dtype = torch.float64
) -> dict[str, Tensor]:
    """Values of every column that a method declares, as it declares them."""
    made: dict[str, Tensor] = {}
    for column in method.columns:
        shape = (examples,) if column.per == "example" else (examples, candidates)
        shares = torch.rand(shape, generator=rng, dtype=torch.float64)
        made[column.name] = (between(column, 0.0) + shares * (between(column, 1.0) - between(column, 0.0))).to(dtype)
    return made


def low_columns(method: Method) -> dict[str, Tensor]:
    """Values for one pair at a fifth of each range: of a soft label, one that prefers the second response."""
    return {
        column.name: torch.full((1,) if column.per == "example" else (1, 2), between(column, 0.2))
        for column in method.columns
    }


def random_scores(
    method: Method,
    seed: int = 1,
    *,
    policy: Logps | None = None,
    candidates: int | None = None,
    examples: int = 5,
    dtype: torch.dtype = torch.float64,
) -> Scores:
    """Scores of B random examples with what the method declares and nothing else."""
    candidates = candidates or len(method.roles) or 2
    shape = {"examples": examples, "candidates": candidates, "dtype": dtype}
    rng = torch.Generator().manual_seed(seed + 2000)
    return declared(
        method,
        policy or random_logps(seed, **shape),
        reference=random_logps(seed + 1000, **shape),
        reward=torch.randn((examples, candidates), generator=rng, dtype=torch.float64).to(dtype),
        columns=random_columns(method, rng, **shape),
    )


def with_policy_tokens(scores: Scores, token: Tensor) -> Scores:
    """The same scores with other policy log-probabilities, [B, K, T]."""
    return replace(scores, policy=Logps(token, scores.policy.response))


def accepted_candidates(method: Method) -> tuple[int, ...]:
    """Some numbers of candidates that the method accepts."""
    if method.roles:
        return (len(method.roles),)
    return {Candidates.ONE: (1, 2, 3), Candidates.PAIR: (2,), Candidates.ANY: (2, 4, 8)}[method.candidates]


def of_step(loss: Tensor | Mapping[str, Any], policy: Logps) -> Tensor:
    """The scalar a training loop makes of a loss: each term's sum over its own count in the step."""
    counts = {
        Over.EXAMPLES: policy.token.shape[0],
        Over.RESPONSE_TOKENS: policy.response.sum(),
        Over.CHOSEN_TOKENS: policy.response[:, 0].sum(),
    }
    return torch.stack([term.values.sum() / counts[term.over] for term in terms_of(loss).values()]).sum()


def gradient(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """Gradient of a scalar function."""
    at = at.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(function(at), at)
    return found
