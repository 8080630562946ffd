"""Transform: examples in, examples out, after a source has read them and before they are tokenised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchbench.core.example import Example
from benchbench.core.method import Candidates, Column, Paper


@dataclass(frozen=True)
class Counts:
    """What became of the examples: in - dropped + added = out; reasons that hold for no example are left out."""

    dropped: Mapping[str, int] = field(default_factory=dict)
    """Examples of which nothing is left, by reason."""
    added: Mapping[str, int] = field(default_factory=dict)
    """Examples beyond the first that an example became, by reason."""
    changed: Mapping[str, int] = field(default_factory=dict)
    """Examples that stayed and were changed, or deserve a remark, by what it is."""

    def __post_init__(self) -> None:
        for name in ("dropped", "added", "changed"):
            counts = {reason: int(count) for reason, count in getattr(self, name).items() if count}
            object.__setattr__(self, name, counts)

    def expected(self, examples: int) -> int:
        """Number of examples that so many become."""
        return examples - sum(self.dropped.values()) + sum(self.added.values())


Transformed = tuple[Sequence[Example], Counts]
"""The new examples in their order, and what became of the old ones."""


def reads_nothing(options: Any) -> tuple[Column, ...]:
    """The columns of a transform that reads texts alone."""
    return ()


def leaves_order(options: Any) -> bool:
    """The answer of a transform that does not decide which candidate is preferred."""
    return False


@dataclass(frozen=True, kw_only=True)
class Transform:
    """One exhibit of the transforms room; pure: the same examples, options and seed give the same examples."""

    name: str
    """Registry key; equals the file name."""
    options: type
    """Frozen dataclass of the options that a recipe gives; documented field by field."""
    apply: Callable[[Sequence[Example], Any, int], Transformed]
    """(examples of one split, options, seed) -> new examples and counts."""
    reads: Callable[[Any], tuple[Column, ...]] = reads_nothing
    """options -> columns that every example must have; `score` stands for the ratings, `label` for the label. A column
    with `missing="keep"` may have gaps, which the transform counts."""
    makes_columns: tuple[str, ...] = ()
    """Columns that it gives every example, by their default names."""
    makes_parts: tuple[str, ...] = ()
    """Roles that it gives candidates, and names of the spans that it gives responses."""
    candidates: Candidates = Candidates.ANY
    """`PAIR`: every example must have two candidates."""
    needs_order: bool = False
    """Whether the first candidate must be the preferred one already."""
    sets_order: Callable[[Any], bool] = leaves_order
    """options -> whether the first candidate is the preferred one afterwards, whatever it was before."""
    random: bool = False
    """Whether it draws from the seed."""
    paper: Paper | None = None
    """Where it is from; none for plain bookkeeping."""
    open_question: str = ""
    """What of it could not be verified against its source, a sentence."""
    version: int = 1
    """Raised by hand when the examples it makes change."""
