"""What has to be the same after any number of kills; what may differ by name: times, and hashes of what has times."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

DRAFT = re.compile(r"\..+\.[0-9a-f]{8}-[0-9]+\.[a-z0-9_]{8}")
"""Name of what is being written (`benchbench.store.drafts`)."""
NOT_COMPARED = ("runs/locks", "runs/leases", "runs/hashes", "runs/comparisons")
"""Locks and leases say who is at work, and the others have hashes of files that are compared themselves, with times."""
LEASES = ".leases"
"""Folder of leases in a folder of results; the lease on a cache of verdicts lies beside it, and ends in `.making`."""
MAY_DIFFER = {
    *("seconds", "start_seconds", "load_seconds", "recorded_at"),
    *("peak_memory_gib", "peak_memory_note"),
    *("attempts", "resumed_environments"),
    "checksum",
}
"""Keys of JSON files: when and for how long, with how much memory, in how many attempts, and checksums over these."""
ASKED = ("calls", "cached")
"""What a judge was asked by the last attempt, and what it had been asked before: their sum is compared."""
WITH_TIMES = {"cells.jsonl", "engine.json", "ledger.csv", "report.md", "win_rates.md"}
"""Files whose hash is recorded elsewhere, and which have seconds in them."""
SECONDS_OF_A_LEDGER = re.compile(r"\d+\.\d+/\d+\.\d+/\d+\.\d+")
"""How documents show the seconds of drawing, labelling and training."""


def snapshot(folder: Path, results: list[str]) -> dict[str, str]:
    """Relative path -> hash of all that a world holds, less what may differ."""
    roots = [folder / "runs", *(folder / name for name in results)]
    paths = [path for root in roots for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    compared = {name: path for name, path in named.items() if not name.startswith(NOT_COMPARED) and _is_kept(path)}
    return {name: sha256(_content(path)).hexdigest() for name, path in compared.items()}


def left_behind(folder: Path) -> list[str]:
    """What nobody should find after a run: drafts, and what was taken for damaged."""
    names = (path for path in folder.rglob("*") if DRAFT.fullmatch(path.name) or "damaged" in path.name)
    return sorted(path.relative_to(folder).as_posix() for path in names)


def differences(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """Paths that only one has, or that are another file in each."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _is_kept(path: Path) -> bool:
    return LEASES not in path.parts and ".making" not in path.name and not path.name.endswith(("-wal", "-shm", ".lock"))


def _content(path: Path) -> bytes:
    if path.suffix == ".json":
        return _text(_less(json.loads(path.read_bytes())))
    if path.name == "cells.jsonl":
        return b"\n".join(sorted(_text(_less(json.loads(line))) for line in path.read_bytes().splitlines()))
    if path.name == "ledger.csv":
        with path.open(encoding="utf-8", newline="") as file:
            return _text([{n: v for n, v in row.items() if "seconds" not in n} for row in csv.DictReader(file)])
    if path.suffix == ".md":
        return SECONDS_OF_A_LEDGER.sub("-", path.read_text(encoding="utf-8")).encode()
    if path.suffix == ".sqlite":
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            return _text(database.execute("SELECT * FROM answers ORDER BY key").fetchall())
    return path.read_bytes()


def _text(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _less(value: Any) -> Any:
    """The value without what may differ."""
    if isinstance(value, dict):
        if value.keys() >= {*ASKED}:
            value = {**value, ASKED[0]: sum(value[name] for name in ASKED), ASKED[1]: 0}
        return {n: "-" if n in WITH_TIMES else _less(v) for n, v in value.items() if n not in MAY_DIFFER}
    if isinstance(value, list):
        return [_less(each) for each in value]
    return SECONDS_OF_A_LEDGER.sub("-", value) if isinstance(value, str) else value
