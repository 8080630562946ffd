"""runs/hashes/: content hashes of files that are read again and again, such as weights of gigabytes.

A file's content is read once and its hash kept beside what the file system says of it. As long as size, times and
inode are the same, so is the content, and a look costs a millisecond; else the content is read again. A change within
the last moments may leave the times as they were, so the hash of a file that is so fresh is not kept. Small files are
read each time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchbench.store.files import json_or_none, require_file, write_json

SETTLED_SECONDS = 2.0
"""Times of a file system may be as coarse as this; a file that was changed more recently is read each time."""
SMALL_BYTES = 1 << 18
"""A file up to this size is read in less time than the note of what it held takes to be written."""


def file_hash(path: Path) -> str:
    """sha256 of a file's bytes, as hex.

    Raises:
        OSError: it cannot be read, or is a folder, a pipe or a device.
    """
    require_file(path)
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        while block := handle.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def kept_hash(path: Path, root: Path, *, read: Callable[[Path], str] = file_hash) -> str:
    """sha256 of a file's bytes, as hex; a large file is read only where it may have changed.

    Args:
        path: the file; links are followed.
        root: the `runs/` folder, where hashes are kept.
        read: how a file's bytes are hashed.
    """
    if path.stat().st_size <= SMALL_BYTES:
        return read(path)
    real = path.resolve()
    state = file_state(real)
    known = _known(_entry(real, root))
    if known is not None and known["state"] == state:
        return str(known["sha256"])
    digest = read(real)
    keep_hash(real, root, digest, state)
    return digest


def keep_hash(real: Path, root: Path, digest: str, state: Mapping[str, int]) -> None:
    """Keep what somebody read of a file, unless the file is too fresh, or another one by now.

    Args:
        real: the file, behind all links.
        root: the `runs/` folder.
        digest: sha256 of its bytes, as hex.
        state: as `file_state` gave it before it was read.
    """
    if is_settled(state) and file_state(real) == state:
        with suppress(OSError):  # what may not be written to is read anew each time
            write_json(_entry(real, root), {"path": str(real), "state": state, "sha256": digest}, durable=False)


def is_settled(state: Mapping[str, int]) -> bool:
    """Whether a file has not been changed for so long that its next change gives it other times."""
    return max(state["mtime_ns"], state["ctime_ns"]) / 1e9 + SETTLED_SECONDS < time.time()


def file_state(path: Path) -> dict[str, int]:
    """What the file system says of a file, behind all links: as long as it is the same, so is the content."""
    stat = path.stat()
    return {
        "size": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "ctime_ns": stat.st_ctime_ns,
        "inode": stat.st_ino,
        "device": stat.st_dev,
    }


def _entry(real: Path, root: Path) -> Path:
    return root / "hashes" / f"{hashlib.sha256(str(real).encode()).hexdigest()[:32]}.json"


def _known(entry: Path) -> dict[str, Any] | None:
    known = json_or_none(entry)  # without it the file itself is read
    return known if isinstance(known, dict) and {"state", "sha256"} <= known.keys() else None
