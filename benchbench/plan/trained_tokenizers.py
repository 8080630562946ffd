"""Trained tokenizers below `runs/tokenizer/`: whether one is as it was written."""

from __future__ import annotations

from pathlib import Path

from benchbench.data.tokenizer_files import tokenizer_files
from benchbench.store.checksums import is_as_stamped
from benchbench.store.contents import entry_of, shown_hash
from benchbench.store.files import json_or_none

RECORD = "tokenizer_hash.json"
"""File beside a trained tokenizer that says what it is, and what its files were."""
_RECORDED = ("hash", "entries", "files")
"""What it says beside its checksum."""


def tokenizer_fault(record: Path) -> str:
    """What of a trained tokenizer is not as it was written, with both hashes; empty where nothing is."""
    recorded = json_or_none(record)
    if not (isinstance(recorded, dict) and "hash" in recorded and is_as_stamped(recorded, without=_RECORDED)):
        return f"{record}: expected what the tokenizer is, found no file that can be read"
    if (trained_as := recorded.get("key", record.parent.name)) != record.parent.name:
        return f"{record}: expected the tokenizer {record.parent.name}, found the tokenizer {trained_as}"
    present = file_hashes_of(record.parent)
    before = recorded.get("files", present)  # records of earlier versions hold no file hashes
    changed = [name for name in sorted({*before, *present}) if before.get(name) != present.get(name)]
    shown = {name: [shown_hash(hashes.get(name, "none")) for hashes in (before, present)] for name in changed}
    said = [f"{name}: {old} is now {new}" for name, (old, new) in shown.items()]
    where = f"{record.parent}: expected the tokenizer as it was trained, found other content of "
    return where + ", ".join(said) if said else ""


def file_hashes_of(folder: Path) -> dict[str, str]:
    """Name -> sha256, of the files that are read of a tokenizer's folder."""
    return {name: entry_of(path)["sha256"] for name, path in tokenizer_files(folder).items()}
