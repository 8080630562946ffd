"""What differs between two folders of results, field by field: circumstances may, and nothing else."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

CIRCUMSTANCES = (
    "executor",
    "host",
    "resumed_environments",
    "seconds",
    "seconds_train",
    "peak_memory_gib",
    "recorded_at",
    "checksum",
)
"""Names of fields that say who ran something, when, how long, and with how much memory, or the checksum of a line."""
HOLD_SUCH = ("cells.jsonl", "environment.csv", "ledger.csv")
"""Files with such fields, whose size and hash differ where other files name them."""


def unlike_files(one: Path, other: Path) -> dict[str, list[str]]:
    """Name of every file that is not in both folders to the byte -> the fields that differ."""
    names = sorted({path.relative_to(root) for root in (one, other) for path in root.rglob("*") if path.is_file()})
    fields = {name: field_differences(one / name, other / name) for name in names}
    return {name.name: sorted(set(each)) for name, each in fields.items() if each}


def beyond_circumstances(fields: Mapping[str, Sequence[str]]) -> list[str]:
    """What differs and is no circumstance: `file: field`."""
    return [f"{name}: {field}" for name, each in fields.items() for field in each if not _is_circumstance(field)]


def _is_circumstance(field: str) -> bool:
    names_such = any(field.removeprefix("files.").startswith(name) for name in HOLD_SUCH)
    return names_such or bool(set(field.split(".")) & set(CIRCUMSTANCES))


def field_differences(one: Path, other: Path) -> list[str]:
    """Names of the fields in which two files differ, each once; positions in lists and rows are left out.

    A file without fields has one, `content`.
    """
    if not (one.is_file() and other.is_file()):
        return ["content"]
    if one.read_bytes() == other.read_bytes():
        return []
    values, others = _values(one), _values(other)
    return ["content"] if values is None else sorted(set(_unlike(values, others, "")))


def _values(path: Path) -> Any:
    """What a file of fields holds; none of another one."""
    text = path.read_text(encoding="utf-8") if path.suffix in (".csv", ".json", ".jsonl") else ""
    if path.suffix == ".json":
        return json.loads(text)
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    if path.suffix != ".csv":
        return None
    rows = list(csv.DictReader(text.splitlines()))
    if rows and {"name", "value"} <= rows[0].keys():  # one row for each value
        return [{**row, "value": {row["name"]: row["value"]}} for row in rows]
    return rows


def _unlike(one: Any, other: Any, place: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            within = f"{place}.{name}".lstrip(".")
            if name not in one or name not in other:
                yield within
            else:
                yield from _unlike(one[name], other[name], within)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for first, second in zip(one, other, strict=True):
            yield from _unlike(first, second, place)
    elif one != other:
        yield place or "content"
