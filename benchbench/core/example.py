"""Example: one prompt with its candidate responses, whatever shape the data had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Column = float | tuple[float, ...]
"""One number per example, or one per candidate."""


@dataclass(frozen=True)
class Message:
    """One turn of a conversation."""

    role: str
    """`system`, `user` or `assistant`."""
    content: str


@dataclass(frozen=True)
class Example:
    """A prompt and K candidate responses; a preference pair is K = 2 with the chosen response first.

    Raises:
        ValueError: empty prompt, no candidate, or a per-candidate column of another length.
    """

    id: str
    """Unique within its split; rows, rewards and verdicts of a split are joined on it."""
    prompt: tuple[Message, ...]
    """The conversation up to and including the turn that is answered."""
    candidates: tuple[str, ...]
    """[K] response texts; for a pair (chosen, rejected); for a demonstration one."""
    ratings: tuple[float, ...] | None = None
    """[K] the data's own scores, higher is better; none where the data has none."""
    label: bool | None = None
    """Thumbs up or down, for unpaired data only."""
    columns: Mapping[str, Column] = field(default_factory=dict)
    """Further numbers that a method or metric may declare, such as `gold` or `p_chosen`."""

    def __post_init__(self) -> None:
        if not self.prompt or not any(message.content.strip() for message in self.prompt):
            raise ValueError(f"example {self.id}: empty prompt")
        if not self.candidates:
            raise ValueError(f"example {self.id}: no candidate response")
        if self.ratings is not None and len(self.ratings) != len(self.candidates):
            raise ValueError(f"example {self.id}: {len(self.ratings)} ratings for {len(self.candidates)} candidates")
        for name, value in self.columns.items():
            if isinstance(value, tuple) and len(value) != len(self.candidates):
                raise ValueError(
                    f"example {self.id}: column '{name}' has {len(value)} values for {len(self.candidates)} candidates"
                )
