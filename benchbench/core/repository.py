"""Repository: a model or dataset of the hub at one commit, or a local folder in the hub's format."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["model", "dataset"]


@dataclass(frozen=True)
class Repository:
    """What a recipe names as model, tokenizer or dataset."""

    kind: Kind
    name: str
    """As the recipe writes it."""
    revision: str | None
    """The commit; none for a local folder."""
    folder: Path | None = None
    """The local folder; none for what the hub has."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" at revision {self.revision}" if self.revision else "")
