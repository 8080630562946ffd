"""What a folder holds, by size and content: written down when it is finished, and checked by whoever reads it.

Small files are read each time; of large ones the hash is kept beside what the file system says of them
(`file_hashes`), so that a second look costs a millisecond. `bench verify` reads all of them.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from benchbench.store.damage import SUFFIX
from benchbench.store.file_hashes import SMALL_BYTES, file_hash, kept_hash
from benchbench.store.files import json_or_none, write_json

UNREADABLE = "unreadable: "
"""Begins what stands in the place of the hash of a file that cannot be read; the reason follows."""
DROPPED = "dropped.json"
"""File of a stage's folder that says when its model was dropped on purpose, and how large it was."""
_BESIDE = ("status.json", "progress.json", DROPPED)
"""Files of a stage's folder that say something of the others."""
_GOES = ("checkpoint",)
"""Folders in a stage's folder that are gone when it has finished."""
_UNREAD = "README.md"
"""A model's card, which nothing reads and a person may edit."""
_READ_BY_PRESENCE = frozenset((".json", ".safetensors", ".py", ".jinja", ".model", ".txt", ".bin"))
"""Endings of files that a library may read of a model's folder because they are there."""
MODEL = "model"
_HASHED_AT_ONCE = 4
_WORTH_THREADS_BYTES = 1 << 23
"""Of a folder; less is hashed before the threads have begun."""
_NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
ADDED = "expected no such file, found one"


def contents(folder: Path) -> dict[str, dict[str, Any]]:
    """Name below the folder -> `bytes` and `sha256`, of every file of a stage's folder as it is now."""
    names = _names(folder)
    if sum((folder / name).stat().st_size for name in names) < _WORTH_THREADS_BYTES:
        return {name: entry_of(folder / name) for name in names}
    with ThreadPoolExecutor(max_workers=_HASHED_AT_ONCE) as pool:
        return dict(zip(names, pool.map(lambda name: entry_of(folder / name), names), strict=True))


def content_faults(folder: Path, entries: Mapping[str, Any], root: Path | None, *, model_too: bool = True) -> list[str]:
    """What is not as it was written, one line per file with both hashes; empty where all is.

    A file that was added counts where a library would read it because it is there: beside the weights of a model.

    Args:
        folder: of the stage.
        entries: as `contents` gave them when it finished.
        root: the `runs/` folder, where hashes of large files are kept; none reads every file.
        model_too: whether it is a fault that the model's folder is gone altogether, as somebody removes it who needs
            its place and not the weights.
    """
    faults: list[str] = []
    is_bare = not model_too and not (folder / MODEL).exists()
    for name, entry in entries.items():
        if is_bare and name.startswith(f"{MODEL}/"):
            continue
        if (present := _present(folder / name, entry, root)) is None:
            faults.append(f"{name}: expected {shown_entry(entry)}, found no such file")
        elif present != entry:
            faults.append(f"{name}: expected {shown_entry(entry)}, found {shown_entry(present)}")
    return faults + [f"{name}: {ADDED}" for name in added_files(folder, entries)]


def note_dropped(folder: Path) -> None:
    """Say in a stage's folder that its model is dropped, before it is."""
    count = sum(path.stat().st_size for path in (folder / MODEL).rglob("*") if path.is_file())
    write_json(folder / DROPPED, {"at": datetime.now(UTC).isoformat(timespec="seconds"), "bytes": count})


def dropped_line(folder: Path) -> str:
    """What is said of a model that was dropped; empty where it is there, or went in another way."""
    values = json_or_none(folder / DROPPED)
    if (folder / MODEL).exists() or not isinstance(values, dict):
        return ""
    return (
        f"{MODEL}: expected one, found that it was dropped ({values.get('at')}), since nothing was planned to read it"
    )


def added_files(folder: Path, entries: Collection[str], *, below: str = f"{MODEL}/") -> list[str]:
    """Names of files that a library would read of a model's folder because they are there, and nobody wrote down.

    Args:
        folder: of the stage.
        entries: names that were written down.
        below: path of the folder in it that is looked at, with "/" at its end; empty for all.
    """
    names = (name for name in _names(folder, below) if name not in entries)
    return [name for name in names if PurePosixPath(name).suffix in _READ_BY_PRESENCE]


def entry_of(path: Path) -> dict[str, Any]:
    """Size and content hash of a file; its bytes are read."""
    try:
        return {"bytes": path.stat().st_size, "sha256": file_hash(path)}
    except OSError as error:
        return {"bytes": None, "sha256": f"{UNREADABLE}{error.strerror}"}


def shown_entry(entry: Any) -> str:
    """An entry in words, whatever somebody wrote there."""
    if not isinstance(entry, dict):
        return "an entry that is none"
    digest = str(entry.get("sha256"))
    return digest if digest.startswith(UNREADABLE) else f"{entry.get('bytes')} bytes with sha256 {shown_hash(digest)}"


def shown_hash(digest: str) -> str:
    """The beginning of a hash, or why there is none."""
    return digest if digest.startswith(UNREADABLE) else digest[:12]


def _present(path: Path, entry: Any, root: Path | None) -> dict[str, Any] | None:
    """Size and hash of a file as it is now, none of what is no file; a kept hash is believed only where all is well."""
    try:
        state = path.stat()
    except OSError as error:
        return None if error.errno in _NO_FILE else entry_of(path)
    if not stat.S_ISREG(state.st_mode):
        return None
    with suppress(OSError):  # a file that cannot be read is one of another content
        size = state.st_size
        if root is not None and size > SMALL_BYTES and {"bytes": size, "sha256": kept_hash(path, root)} == entry:
            return entry
    return entry_of(path)


def _names(folder: Path, below: str = "") -> list[str]:
    """Names of the files that count, in a folder and those in it, sorted.

    Args:
        folder: of the stage.
        below: path of the folder in it that is looked at, with "/" at its end; empty for all.
    """
    names: list[str] = []
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError), os.scandir(folder / below) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if _holds_what_counts(below, entry.name):
                    names += _names(folder, f"{below}{entry.name}/")
            elif _counts(below, entry.name) and (folder / below / entry.name).is_file():
                names.append(below + entry.name)
    return sorted(names)


def _holds_what_counts(below: str, name: str) -> bool:
    return not name.startswith(".") and (below != "" or name not in _GOES)


def _counts(below: str, name: str) -> bool:
    """Whether a file is part of what a stage leaves."""
    beside = below == "" and name in (*_BESIDE, *_GOES)
    card = below.startswith(f"{MODEL}/") and name == _UNREAD
    return not (name.startswith(".") or beside or card or SUFFIX in name)
