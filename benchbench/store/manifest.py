"""manifest.json: every file of a folder that is committed, by size and content.

A number that is computed again says nothing of a file that no number is computed from. A manifest does: it lists
what a command wrote, so that a file that was changed, removed or added since is seen.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from benchbench.store.contents import entry_of, shown_entry
from benchbench.store.files import json_or_none, write_json

MANIFEST = "manifest.json"


def write_manifest(folder: Path, *, only: Collection[str] | None = None) -> None:
    """Write down the files of a folder as they are now.

    Args:
        folder: whose files are listed; names that begin with a dot are left out.
        only: names of files that were written anew; the entries of all others stay as they are, whatever these
            files hold now. All files by default.
    """
    entries = {name: entry_of(folder / name) for name in _names(folder) if only is None or name in only}
    before = {} if only is None else (_entries(folder) or {})
    write_json(folder / MANIFEST, {"files": {**before, **entries}})


def manifest_faults(folder: Path, *, beside: Collection[str] = ()) -> list[str]:
    """What is not as the manifest says, one line per file; empty where all is.

    Args:
        folder: with a manifest.
        beside: names of files that are not looked at, since they are about to be written anew.
    """
    entries = _entries(folder)
    if entries is None:
        return [f"{MANIFEST}: expected the list of all files here, found none that can be read"]
    faults: list[str] = []
    names = _names(folder)
    for name in sorted({*entries, *names} - {*beside}):
        if name not in names:
            faults.append(f"{name}: expected {shown_entry(entries[name])}, found no such file")
        elif name not in entries:
            faults.append(f"{name}: expected no such file, found one of {shown_entry(entry_of(folder / name))}")
        elif (present := entry_of(folder / name)) != entries[name]:
            faults.append(f"{name}: expected {shown_entry(entries[name])}, found {shown_entry(present)}")
    return faults


def manifest_size(folder: Path) -> int:
    """How many files the manifest lists; 0 where there is none."""
    return len(_entries(folder) or {})


def _names(folder: Path) -> list[str]:
    paths = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    names = sorted(path.relative_to(folder).as_posix() for path in paths)
    return [name for name in names if name != MANIFEST and not any(part.startswith(".") for part in name.split("/"))]


def _entries(folder: Path) -> dict[str, Any] | None:
    """Name -> entry; none where the manifest is not there or is no manifest."""
    values = json_or_none(folder / MANIFEST)
    entries = values.get("files") if isinstance(values, dict) else None
    return entries if isinstance(entries, dict) and entries else None
