"""From logits to the next token: filters in a fixed order, then one draw per row.

The order is that of vLLM's sampler (0.31.0, `v1/sample/sampler.py`), so that a setting means the same in both engines:

1. repetition penalty over prompt and response (logits above 0 divided by it, others multiplied);
2. greedy decoding takes the largest logit here and ends;
3. temperature;
4. min_p: out goes what is less probable than min_p times the most probable token;
5. top_k: out goes what is below the k-th largest logit; ties with it stay;
6. top_p: of what is left, renormalised, the smallest set of most probable tokens whose mass reaches top_p.

transformers' `generate` applies min_p last; the sets differ only where min_p and top_p are both on.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from benchbench.core.generation import Sampling


def penalise(logits: Tensor, seen: Tensor, penalty: float) -> Tensor:
    """[B, V] logits with a penalty on the tokens that `seen` [B, V] marks."""
    return torch.where(seen, torch.where(logits > 0, logits / penalty, logits * penalty), logits)


def mix(logits: Sequence[Tensor], weights: Sequence[float]) -> Tensor:
    """[B, V] logits of the geometric mixture of several models: their log-probabilities, summed by weight.

    Args:
        logits: [B, V] of each model.
        weights: one for each model; they sum to 1, and may be negative.
    """
    logps = (each.log_softmax(dim=-1) for each in logits)
    return torch.stack([weight * each for weight, each in zip(weights, logps, strict=True)]).sum(dim=0)


def probabilities(logits: Tensor, sampling: Sampling) -> Tensor:
    """[B, V] float64 distribution that a draw at a temperature above 0 is from, filters applied."""
    filtered = logits.double() / sampling.temperature
    if sampling.min_p > 0:
        mass = filtered.softmax(dim=-1)
        filtered = filtered.masked_fill(mass < sampling.min_p * mass.amax(dim=-1, keepdim=True), -torch.inf)
    if 0 < sampling.top_k < filtered.shape[-1]:
        filtered = filtered.masked_fill(filtered < filtered.topk(sampling.top_k, dim=-1).values[:, -1:], -torch.inf)
    if sampling.top_p < 1:
        mass, order = filtered.softmax(dim=-1).sort(dim=-1, descending=True, stable=True)
        before = mass.cumsum(dim=-1) - mass  # mass of all that is more probable
        outside = torch.zeros_like(filtered, dtype=torch.bool).scatter(-1, order, before >= sampling.top_p)
        filtered = filtered.masked_fill(outside, -torch.inf)
    return filtered.softmax(dim=-1)


def draw(distribution: Tensor, uniforms: Tensor) -> Tensor:
    """[B] tokens, the inverse of the [B, V] distribution's cumulative mass at [B] numbers in [0, 1)."""
    cumulative = distribution.cumsum(dim=-1)
    total = cumulative[:, -1:]
    # below the total even after rounding, so that no token without mass is ever drawn
    place = torch.minimum(uniforms.unsqueeze(-1) * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(cumulative, place, right=True).squeeze(-1)


def uniforms(seeds: list[int], count: int) -> Tensor:
    """[B, count] float64 numbers in [0, 1), each row from a generator of its own, on the CPU for every device."""
    rows = [torch.rand(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in seeds]
    return torch.stack(rows)
