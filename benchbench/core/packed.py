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
    places: Tensor
    """[B, K, T] index in the packed row of every token; -1 for padding and for tokens that are no input."""
    whole: bool = False
    """Every real token is an input, also those that no scored token needs."""
    masks: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    """Masks that layers share, by what they were made for; filled by the attention function."""
    windows: set[int | None] = field(default_factory=set, compare=False, repr=False)
    """Widths of the windows that layers read; filled by the attention function, too."""

    def moved(self, move: Callable[[Tensor], Tensor]) -> Packed:
        """The same with each tensor moved, such as to another device."""
        names = ("ids", "positions", "sources", "targets", "places")
        return replace(self, **{name: move(getattr(self, name)) for name in names}, masks={}, windows=set())
