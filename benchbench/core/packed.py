"""Packed: the token rows of a batch in one row without padding, what candidates share encoded once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Segments:
    """One example's place in the packed row: what its candidates share, then what each has of its own."""

    start: int
    """Index of its first token in the packed row."""
    prefix: int
    """Tokens at the front that all its candidates share; every suffix reads them."""
    suffixes: tuple[int, ...]
    """[K] further tokens of each candidate, one candidate after the other; none reads another's."""

    @property
    def length(self) -> int:
        """Tokens of the example in the packed row."""
        return self.prefix + sum(self.suffixes)

    @property
    def branches(self) -> int:
        """Candidates with tokens of their own."""
        return sum(size > 0 for size in self.suffixes)


@dataclass(frozen=True)
class Sequences:
    """The S sequences of a packed row, for kernels that take rows of unequal length.

    Each is a run of the row that reads itself up to its own place and, where it is a suffix, all of its prefix. An
    example is one sequence where a single candidate has tokens of its own; else its prefix is one, and each suffix.
    """

    ends_q: Tensor
    """[S + 1] int32; where in the packed row each sequence begins, and the end."""
    ends_k: Tensor
    """[S + 1] int32; the same among the M keys."""
    longest_q: int
    longest_k: int
    keys: Tensor | None
    """[M] index in the packed row of every key; none where each sequence reads itself alone, so that M = N."""
    homes: Tensor
    """[N] index among the keys of each token of the packed row, in its own sequence."""
    copies: tuple[tuple[Tensor, Tensor], ...]
    """Prefix tokens among the keys of suffixes: index in the packed row, and among the keys; one pair of tensors per
    suffix of an example, so that no token stands twice in one."""

    def moved(self, move: Callable[[Tensor], Tensor]) -> Sequences:
        """The same with each tensor moved."""
        return replace(
            self,
            ends_q=move(self.ends_q),
            ends_k=move(self.ends_k),
            keys=None if self.keys is None else move(self.keys),
            homes=move(self.homes),
            copies=tuple((move(places), move(keys)) for places, keys in self.copies),
        )


@dataclass(frozen=True)
class Packed:
    """The inputs that a batch's scored tokens need: N tokens of G examples, in one row.

    Rows are indexed as in the batch they were made of; R is the number of its response tokens.
    """

    ids: Tensor
    """[N] token ids."""
    positions: Tensor
    """[N] position of each token in its unpacked row."""
    groups: tuple[Segments, ...]
    """[G] the examples with any token, in order."""
    sources: Tensor
    """[R] index in the packed row of the token before each response token, in the order of `response.nonzero()`."""
    targets: Tensor
    """[R] token id of each response token."""
    slots: Tensor
    """[R] place of each response token among the B * K * T places of the batch."""
    places: Tensor
    """[B, K, T] index in the packed row of every token; -1 for padding and for tokens that are no input."""
    whole: bool = False
    """Every real token is an input, also those that no scored token needs."""
    sequences: Sequences | None = None
    """For a card's kernels, where the row goes to one; made before it goes there."""
    masks: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    """Masks that layers share, by what they were made for; filled by the attention function."""
    windows: set[int | None] = field(default_factory=set, compare=False, repr=False)
    """Widths of the windows that layers read; filled by the attention function, too."""

    def moved(self, move: Callable[[Tensor], Tensor]) -> Packed:
        """The same with each tensor moved, such as to another device."""
        names = ("ids", "positions", "sources", "targets", "slots", "places")
        sequences = None if self.sequences is None else self.sequences.moved(move)
        tensors = {name: move(getattr(self, name)) for name in names}
        return replace(self, **tensors, sequences=sequences, masks={}, windows=set())
