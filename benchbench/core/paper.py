"""Paper: where a formula comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Paper:
    """Where a formula comes from."""

    authors: str
    year: int
    arxiv: str | None = None
    equation: str | None = None
    title: str | None = None
    note: str | None = None
    """What the formula was checked against, or why there is no arXiv id."""

    def __str__(self) -> str:
        parts = [f"{self.authors} {self.year}"]
        if self.arxiv:
            parts.append(f"arXiv:{self.arxiv}")
        if self.equation:
            parts.append(f"eq. {self.equation}")
        return ", ".join(parts)
