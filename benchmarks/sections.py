"""What a benchmark leaves, and how it is kept: one JSON document of all sections, with the machine they ran on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.machine import BUSY_CORES, hardware, versions


@dataclass(frozen=True)
class Result:
    """Numbers of one section."""

    what: str
    """What was measured, in a sentence without its full stop."""
    table: Mapping[str, Mapping[str, float]]
    """Row -> column -> number."""
    facts: Mapping[str, float]
    """Further numbers, by name."""
    other_cores: float
    """Cores that others kept busy meanwhile."""

    @property
    def is_busy(self) -> bool:
        """Others worked beside it, so that its numbers say little."""
        return self.other_cores > BUSY_CORES

    def as_json(self) -> dict[str, Any]:
        """Plain values for the file."""
        return {
            "what": self.what,
            "date": datetime.now(UTC).date().isoformat(),
            "busy": self.is_busy,
            "other_cores": self.other_cores,
            "table": {row: dict(columns) for row, columns in self.table.items()},
            "facts": dict(self.facts),
        }


def read(path: Path) -> dict[str, Any]:
    """The document; an empty one where there is none."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def store(path: Path, results: Mapping[str, Result]) -> dict[str, Any]:
    """Put sections into the document; those measured elsewhere or with other versions are dropped from it.

    Returns:
        The document as it now stands.
    """
    setting = {"hardware": hardware(), "versions": versions()}
    document = read(path)
    if {name: document.get(name) for name in setting} != setting:
        document = {}
    sections = document.get("sections", {}) | {name: result.as_json() for name, result in results.items()}
    document = setting | {"sections": sections}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return document
