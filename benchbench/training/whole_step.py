"""The scores of a step's pieces as those of one batch, and the slope of a loss back in its pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from benchbench.core.scores import Logps, Scores

WITH_GRADIENT = ("_distribution", "_head", "_rival")
"""Fields of `Scores` that depend on the policy's weights, besides the policy itself."""
CARRIED = "_carried"
"""The field that is the same for all pieces, or made for the step."""


def joined(parts: Sequence[Scores]) -> Scores:
    """One step's scores of those of its pieces, in order; [B, K, T] with the longest T, padded on the right.

    Raises:
        ValueError: pieces with different numbers of candidates.
    """
    counts = {part.policy.token.shape[1] for part in parts}
    if len(counts) > 1:
        raise ValueError(f"a loss over the whole step takes one number of candidates, got {sorted(counts)}")
    longest = max(part.policy.token.shape[2] for part in parts)
    names = [field.name for field in fields(Scores) if field.name != CARRIED]
    return Scores(**{name: _together([getattr(part, name) for part in parts], longest, name) for name in names})


def with_leaves(scores: Scores) -> tuple[Scores, list[Tensor]]:
    """The same numbers cut off from the policy, and the tensors of them that a loss has a slope in."""
    token = scores.policy.token.detach().requires_grad_()
    points = [token]
    changed: dict[str, Any] = {"policy": Logps(token, scores.policy.response)}
    for name in WITH_GRADIENT:
        value = getattr(scores, name)
        if value is not None:
            changed[name] = value.detach().requires_grad_()
            points.append(changed[name])
    return replace(scores, **changed), points


def leaves(scores: Scores) -> list[Tensor]:
    """The tensors of a piece's scores that `with_leaves` makes points of, in the same order."""
    values = [getattr(scores, name) for name in WITH_GRADIENT]
    return [scores.policy.token, *(value for value in values if value is not None)]


def of_piece(slope: Tensor, first: int, last: int, like: Tensor) -> Tensor:
    """The part of a step's slope that belongs to examples first to last, as wide as the piece."""
    part = slope[first:last]
    return part[:, :, : like.shape[2]] if like.ndim > 2 else part


def moved(scores: Scores, device: torch.device) -> Scores:
    """The same numbers without their gradient on another device."""
    return Scores(**{field.name: _moved(getattr(scores, field.name), device) for field in fields(Scores)})


def _moved(value: Any, device: torch.device) -> Any:
    if isinstance(value, Tensor):
        return value.detach().to(device)
    if isinstance(value, Logps):
        return Logps(_moved(value.token, device), _moved(value.response, device))
    if isinstance(value, Mapping):
        return {key: _moved(each, device) for key, each in value.items()}
    return moved(value, device) if isinstance(value, Scores) else value


def _together(values: Sequence[Any], longest: int, name: str) -> Any:
    first = values[0]
    if first is None:
        return None
    if isinstance(first, Logps):
        token = _together([value.token for value in values], longest, name)
        return Logps(token, _together([value.response for value in values], longest, name))
    if isinstance(first, Mapping):
        return {key: _together([value[key] for value in values], longest, name) for key in first}
    has_tokens = first.ndim == 4 if name == "_head" else first.ndim == 3  # a head's last axis is that of its outputs
    return torch.cat([_padded(value, longest) if has_tokens else value for value in values])


def _padded(value: Tensor, longest: int) -> Tensor:
    """[B, K, T, ...] with zeros up to the longest T."""
    behind = (0, 0) * (value.ndim - 3)
    return F.pad(value, (*behind, 0, longest - value.shape[2]))
