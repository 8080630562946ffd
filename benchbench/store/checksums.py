"""A checksum inside a JSON file, of all else that it says: one changed digit in it is noticed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

CHECKSUM = "checksum"
"""Name of the entry that holds it."""


def stamped(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON has them, with their checksum."""
    plain = json.loads(json.dumps(values))
    return {**plain, CHECKSUM: _digest(plain)}


def is_as_stamped(values: Any, *, without: Collection[str]) -> bool:
    """Whether what was read from a file is what `stamped` gave.

    Args:
        values: of the file.
        without: every name that a file of a version without checksums had; such a file is believed, and one with any
            other name is damaged: the name of its checksum may be what changed.
    """
    if not isinstance(values, Mapping):
        return False
    if CHECKSUM in values:
        return values[CHECKSUM] == _digest({name: value for name, value in values.items() if name != CHECKSUM})
    return not values.keys() - set(without)


def _digest(values: Mapping[str, Any]) -> str:
    return sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
