"""Where a training stands, which every checkpoint says, and what is said of one that cannot be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any


class DamagedCheckpointError(Exception):
    """A checkpoint that cannot be read, or is not as it was written."""


@dataclass(frozen=True)
class Position:
    """Where a run stands."""

    step: int
    """Optimizer steps done."""
    tokens: int
    """Tokens seen, padding left out."""
    seconds: float = 0.0
    """Wall time of training up to here, all attempts together."""
    log_bytes: int = 0
    """Length of the training's log up to here."""
    log_sha256: str = sha256().hexdigest()
    """Of these bytes."""

    def as_text(self) -> dict[str, str]:
        """Name -> value, as the header of a file may have it."""
        return {name: str(value) for name, value in asdict(self).items()}


def position_in(place: Mapping[str, Any]) -> Position:
    """The position that `Position.as_text` gave.

    Raises:
        KeyError: a value is missing.
        ValueError: a value is none.
    """
    step, tokens, seconds = int(place["step"]), int(place["tokens"]), float(place["seconds"])
    return Position(step, tokens, seconds, int(place["log_bytes"]), str(place["log_sha256"]))
