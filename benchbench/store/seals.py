"""A file in a folder that says what all others were: for folders that are named by what they are made of."""

from __future__ import annotations

from pathlib import Path

from benchbench.store.checksums import is_as_stamped, stamped
from benchbench.store.contents import ADDED, added_files, content_faults, contents
from benchbench.store.files import json_or_none, sync_tree, write_json

SEAL = ".contents.json"


def seal(folder: Path) -> None:
    """Bring a folder to the disk, and write down its name with size and hash of each file in it."""
    sync_tree(folder)
    write_json(folder / SEAL, stamped({"key": folder.name, "files": contents(folder)}))


def is_sealed(folder: Path) -> bool:
    """Whether a folder says what is in it; those of earlier versions do not."""
    return (folder / SEAL).exists()


def seal_faults(folder: Path, root: Path | None) -> list[str]:
    """What is not as it was sealed, one line per file; empty where all is, or nothing says what was.

    Args:
        folder: sealed or not.
        root: the `runs/` folder, where hashes of large files are kept; none reads every file.
    """
    if not is_sealed(folder):
        return []
    values = json_or_none(folder / SEAL)
    if not is_as_stamped(values, without=()) or not isinstance(files := values.get("files"), dict):
        return [f"{SEAL}: expected the hashes of all files here, found a damaged file"]
    if values.get("key") != folder.name:
        return [f"{SEAL}: expected the hashes of {folder.name}, found those of {values.get('key')}"]
    added = [name for name in added_files(folder, files, below="") if not name.startswith("model/")]
    return content_faults(folder, files, root) + [f"{name}: {ADDED}" for name in added]
