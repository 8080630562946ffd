"""What a stage reads its examples from: a prepared split, or rows that another stage makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from benchbench.core.identity import Since


@dataclass(frozen=True)
class DataRef:
    """A reference to one split.

    Raises:
        ValueError: a split that is neither prepared nor made by a stage, or both.
    """

    split: str
    """Name of the split."""
    hash: str | None = None
    """Content hash of its examples, where it was prepared before anything ran."""
    made_by: Annotated[str | None, Since("2026-11-28", before=None)] = None
    """Key ("kind/fingerprint") of the stage that makes its examples, where one does."""
    tokens: Annotated[bool, Since("2026-11-29", before=False)] = False
    """Whether they are rows of token ids, which are read as they are and never encoded again; a stage makes them."""

    def __post_init__(self) -> None:
        if (self.hash is None) == (self.made_by is None):
            raise ValueError(f"split '{self.split}': expected a content hash, or the stage that makes it, and not both")
        if self.tokens and self.made_by is None:
            raise ValueError(f"split '{self.split}': expected rows of token ids from a stage, got a prepared split")
