"""runs/tokens/: splits as token ids, each made once for all stages, methods and seeds that read it the same way.

An entry is a folder: `tokens.npy`, the ids of all rows one after another, read memory-mapped; `rows.npz`, where each
row begins and what is known of it; and `index.json`, with the hashes of both. It takes its place whole or not at all,
and an entry that is not as it was written is made again, never believed.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.hashing import fingerprint
from benchbench.store.file_hashes import file_hash, kept_hash
from benchbench.store.files import json_or_none, read_json, whole_folder, write_text
from benchbench.store.runs import RunStore

FOLDER, INDEX, TOKENS, ROWS = "tokens", "index.json", "tokens.npy", "rows.npz"
FORMAT = 1
"""Raised by hand when entries are written in another form."""
Array = NDArray[Any]


@dataclass(frozen=True)
class TokenEntry:
    """One split as arrays; what they mean is the business of who makes and reads them (`data.token_rows`)."""

    tokens: Array
    """[M] ids of all rows, one after another; a view of the file, once read."""
    rows: Mapping[str, Array]
    """Name -> what is known of each row, in memory."""
    facts: Mapping[str, Any]
    """Whatever else belongs to it, as plain JSON values in order."""


def entry_folder(root: Path, made_of: Mapping[str, Any]) -> Path:
    """Where an entry lies, by all that it is made of and the form in which it is written."""
    return root / FOLDER / fingerprint({"format": FORMAT, **made_of})


def kept_tokens(
    root: Path, made_of: Mapping[str, Any], make: Callable[[], TokenEntry], *, say: Callable[[str], None]
) -> TokenEntry:
    """The entry of a split, made if it is not there; of several processes that want it one makes it, the others wait.

    Args:
        root: the `runs/` folder.
        made_of: everything that reaches the tokens, as plain JSON values.
        make: called where there is no entry, or none that can be believed.
        say: told in a line where an entry was there and had to be made again.

    Raises:
        BenchError: exit code 1; what was just written cannot be read back.
    """
    folder = entry_folder(root, made_of)

    def read() -> TokenEntry | str:
        return _read(folder, made_of, lambda path: kept_hash(path, root))

    if not isinstance(entry := read(), str):
        return entry
    with RunStore(root).claim(f"{FOLDER}/{folder.name}"):
        entry = read()  # another process may have made it meanwhile
        if isinstance(entry, str):
            left = _left_behind(folder)
            if fault := entry or left:
                say(f"{folder}: expected the tokens as they were written, found {fault}; they are made again")
            _write(folder, made_of, make())
            entry = read()
    if isinstance(entry, str):
        raise BenchError(
            f"{folder}: expected the tokens that were written just now, found {entry or 'nothing'}; "
            "look whether the disk is full or failing",
            exit_code=ExitCode.FAILED,
        )
    return entry


def _left_behind(folder: Path) -> str:
    """Remove what processes that were killed while they wrote have left; what that was, or nothing.

    Only under the claim, where nobody else writes this entry.
    """
    drafts = list(folder.parent.glob(f".{folder.name}.*"))
    for draft in drafts:
        shutil.rmtree(draft)
    return "the draft of a process that was killed" if drafts else ""


def _write(folder: Path, made_of: Mapping[str, Any], entry: TokenEntry) -> None:
    with whole_folder(folder) as draft:
        np.save(draft / TOKENS, entry.tokens, allow_pickle=False)
        np.savez(draft / ROWS, allow_pickle=False, **entry.rows)
        files = {name: file_hash(draft / name) for name in (TOKENS, ROWS)}
        content = {"format": FORMAT, "made_of": dict(made_of), "files": files, "facts": dict(entry.facts)}
        write_text(draft / INDEX, json.dumps({"sha256": _digest(content), **content}, indent=2) + "\n")


def _read(folder: Path, made_of: Mapping[str, Any], hash_of: Callable[[Path], str]) -> TokenEntry | str:
    """An entry, or what is wrong with it: empty where there is none; `hash_of` says what a file holds."""
    if not folder.exists():
        return ""
    try:
        index = read_json(folder / INDEX)
        if fault := _index_fault(index, made_of):
            return fault
        for name, digest in index["files"].items():
            if hash_of(folder / name) != digest:
                return f"{name} with other content"
        with np.load(folder / ROWS, allow_pickle=False) as archive:
            rows = {name: archive[name] for name in archive.files}
        tokens = np.asarray(np.load(folder / TOKENS, mmap_mode="r", allow_pickle=False))
        return TokenEntry(tokens, rows, index["facts"])
    except OSError as error:
        return f"a file that cannot be read ({error.strerror or error})"
    except (ValueError, zipfile.BadZipFile):
        return "a file that is cut short or damaged"


def token_fault(folder: Path) -> str:
    """What of an entry is not as it was written; empty where all is. Every file is read, whatever hash is kept."""
    index = json_or_none(folder / INDEX)
    made_of = index.get("made_of") if isinstance(index, dict) else None
    made_of = made_of if isinstance(made_of, dict) else {}
    entry = _read(folder, made_of, file_hash)
    if isinstance(entry, str):
        return entry
    return "" if entry_folder(folder.parent.parent, made_of).name == folder.name else "the entry of something else"


def _index_fault(index: Any, made_of: Mapping[str, Any]) -> str:
    """What keeps an index from being believed; empty where nothing does."""
    if not isinstance(index, dict) or "format" not in index:
        return f"{INDEX} with other content"
    if index["format"] != FORMAT:
        return f"an entry of format {index['format']!r} and not {FORMAT}"
    if index.pop("sha256", None) != _digest(index):
        return f"{INDEX} with other content"
    return "" if index["made_of"] == made_of else "the entry of something else"


def _digest(content: Mapping[str, Any]) -> str:
    """sha256 of plain values as they stand in a file; the order of keys counts, for reports are shown in theirs."""
    return sha256(json.dumps(content).encode()).hexdigest()
