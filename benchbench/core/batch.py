"""CandidateBatch: token rows of B examples with K candidates each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class CandidateBatch:
    """Right-padded token rows; a preference pair is K = 2 with the chosen response first.

    Raises:
        ValueError: shapes that do not agree, a candidate without a response token, or a scored token that nothing
            precedes.
    """

    ids: tuple[str, ...]
    """[B] example ids."""
    tokens: Tensor
    """[B, K, T] token ids, padded on the right."""
    attention: Tensor
    """[B, K, T] bool, true where a token is real."""
    response: Tensor
    """[B, K, T] bool, true where a token belongs to the response and is scored; never the first of a row."""
    columns: Mapping[str, Tensor] = field(default_factory=dict)
    """[B] or [B, K] float columns, by name."""
    allow_empty: bool = False
    """Accept candidates without a response token (a recipe asked for them to be kept)."""

    def __post_init__(self) -> None:
        shape = self.tokens.shape
        if len(shape) != 3 or self.attention.shape != shape or self.response.shape != shape:
            raise ValueError(
                f"tokens, attention and response must share one shape [B, K, T], got {tuple(shape)}, "
                f"{tuple(self.attention.shape)} and {tuple(self.response.shape)}"
            )
        if len(self.ids) != shape[0]:
            raise ValueError(f"{len(self.ids)} ids for {shape[0]} examples")
        for name, column in self.columns.items():
            if tuple(column.shape) not in ((shape[0],), (shape[0], shape[1])):
                raise ValueError(f"column '{name}' has shape {tuple(column.shape)}, expected [B] or [B, K]")
        if self.response[..., 0].any():
            raise ValueError("the first token of a row is marked as response; nothing precedes it, so it has no score")
        if not self.allow_empty:
            bare = (~self.response.any(dim=-1)).any(dim=-1).nonzero().flatten().tolist()
            if bare:
                raise ValueError(f"a candidate has no response token in examples {[self.ids[i] for i in bare]}")

    def lengths(self) -> Tensor:
        """[B, K] number of response tokens."""
        return self.response.sum(dim=-1)
