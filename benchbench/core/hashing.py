"""Content hashes of plain values, through canonical JSON."""

from __future__ import annotations

import hashlib
import json
from typing import Any

FINGERPRINT_LENGTH = 16
"""Hex digits kept; 64 bits are plenty for the number of artefacts on one disk."""


def canonical(value: Any) -> str:
    """One text per value: sorted keys, no spaces, shortest round-trip floats, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def fingerprint(value: Any) -> str:
    """Short hash of a JSON-able value; equal values give equal fingerprints."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()[:FINGERPRINT_LENGTH]
