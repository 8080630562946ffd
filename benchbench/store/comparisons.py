"""runs/comparisons/: what finished comparisons came to, by everything that they follow from.

A file is whole and as it was written, or it is as if it were not there: the comparison is then made anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchbench.store.files import read_json, write_text


def read_comparison(root: Path, key: str) -> Mapping[str, Any] | None:
    """The plain values that were kept under a key; none where there are none, or not as they were written.

    Args:
        root: the `runs/` folder.
        key: fingerprint of what the comparison follows from.
    """
    try:
        record = read_json(_path(root, key))
        return record["comparison"] if record["sha256"] == _digest(record["comparison"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_comparison(root: Path, key: str, comparison: Mapping[str, Any]) -> None:
    """Keep plain values under a key, in one step; mappings keep their order."""
    record = {"sha256": _digest(comparison), "comparison": comparison}
    write_text(_path(root, key), json.dumps(record, ensure_ascii=False, indent=1) + "\n")


def _path(root: Path, key: str) -> Path:
    return root / "comparisons" / f"{key}.json"


def _digest(comparison: Mapping[str, Any]) -> str:
    return sha256(json.dumps(comparison, ensure_ascii=False).encode()).hexdigest()
