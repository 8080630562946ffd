"""Content hashes: of plain values (canonical JSON) and of files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

FINGERPRINT_LENGTH = 16
"""Hex digits kept; 64 bits are plenty for the number of artefacts on one disk."""


def canonical(value: Any) -> str:
    """One text per value: sorted keys, no spaces, shortest round-trip floats, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def fingerprint(value: Any) -> str:
    """Short hash of a JSON-able value; equal values give equal fingerprints."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:FINGERPRINT_LENGTH]


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes, as hex."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
