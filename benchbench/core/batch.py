"""CandidateBatch: token rows of B examples with K candidates each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from benchbench.core.packed import Packed

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class TokenCounts:
    """Numbers of tokens, known without asking the device on which the rows are."""

    real: int
    """Tokens of all rows, padding left out."""
    response: tuple[tuple[int, ...], ...]
    """[B][K] response tokens of each candidate."""

    @property
    def scored(self) -> int:
        """Response tokens of all candidates."""
        return sum(sum(row) for row in self.response)

    @property
    def chosen(self) -> int:
        """Response tokens of the first candidates."""
        return sum(row[0] for row in self.response)


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the host on its way to a device; to a card it goes while that still works on what it had before."""
    return (tensor.pin_memory() if device.type == "cuda" else tensor).to(device, non_blocking=True)


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
    weights: Mapping[str, Tensor] = field(default_factory=dict)
    """[B, K, T] weight of each scored token, by name of the spans; 1 where no span is, 0 off the scored tokens."""
    places: tuple[tuple[int, ...], ...] | None = None
    """[B][K] which of its example's candidates each is, where a method took them by role; none as they stand."""
    allow_empty: bool = False
    """Accept candidates without a response token (a recipe asked for them to be kept)."""
    packed: Packed | None = None
    """The same rows packed, where they were; a model that takes packed rows reads these instead of the padded ones."""
    mismatched: CandidateBatch | None = None
    """[B, K, T'] the responses of other examples of the step, each after its own example's prompt; for methods that
    declare them."""
    fresh: CandidateBatch | None = None
    """[B, M, T'] responses that were drawn at this step to the same prompts; for methods that declare them."""
    counts: TokenCounts | None = None
    """Of the rows; counted, and the rows checked, where none are given."""

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
        for name, weights in self.weights.items():
            if weights.shape != shape:
                raise ValueError(f"weights '{name}' have shape {tuple(weights.shape)}, expected [B, K, T]")
        if self.counts is None:
            self._check_rows()
            lengths = self.lengths().tolist()
            counts = TokenCounts(int(self.attention.sum()), tuple(tuple(row) for row in lengths))
            object.__setattr__(self, "counts", counts)

    def _check_rows(self) -> None:
        if self.response[..., 0].any():
            raise ValueError("the first token of a row is marked as response; nothing precedes it, so it has no score")
        if not self.allow_empty:
            bare = (~self.response.any(dim=-1)).any(dim=-1).nonzero().flatten().tolist()
            if bare:
                raise ValueError(f"a candidate has no response token in examples {[self.ids[i] for i in bare]}")

    @property
    def token_counts(self) -> TokenCounts:
        """Numbers of tokens of the rows."""
        assert self.counts is not None, "counted when the batch was made"
        return self.counts

    def to(self, device: torch.device) -> CandidateBatch:
        """The same rows on another device; to a card they go while it still works on what it had before."""
        if self.tokens.device.type == device.type:
            return self

        def move(tensor: Tensor) -> Tensor:
            return sent(tensor, device)

        return replace(
            self,
            tokens=move(self.tokens),
            attention=move(self.attention),
            response=move(self.response),
            columns={name: move(column) for name, column in self.columns.items()},
            weights={name: move(weights) for name, weights in self.weights.items()},
            packed=None if self.packed is None else self.packed.moved(move),
            mismatched=None if self.mismatched is None else self.mismatched.to(device),
            fresh=None if self.fresh is None else self.fresh.to(device),
        )

    def lengths(self) -> Tensor:
        """[B, K] number of response tokens."""
        return self.response.sum(dim=-1)

    def place(self, b: int, k: int) -> int:
        """Which candidate of its example, as the data have them, is candidate k of example b."""
        return k if self.places is None else self.places[b][k]
