"""results/<setting>/: one record per cell, and the tables derived from them."""

from __future__ import annotations

import fcntl
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.store.file_hashes import file_hash
from benchbench.store.files import json_or_none, write_json, write_text


class ResultStore:
    """The folder of one setting below results/."""

    def __init__(self, root: Path, setting: str) -> None:
        self.folder = root / setting

    def cells(self) -> list[dict[str, Any]]:
        """Every recorded cell, in the order of their identity."""
        path = self.folder / "cells.jsonl"
        if not path.is_file():
            return []
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]

    def upsert_cells(self, records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Add or replace cells by their identity; the file is rewritten whole.

        Roles of stages that a command had no use for, such as responses beside `--pairs-only`, stay as they were.
        """
        with self._alone():
            known = {record["cell"]: dict(record) for record in self.cells()}
            known |= {record["cell"]: _joined(known.get(record["cell"], {}), record) for record in records}
            ordered = [known[key] for key in sorted(known)]
            lines = [json.dumps(record, sort_keys=True) + "\n" for record in ordered]
            write_text(self.folder / "cells.jsonl", "".join(lines))
        return ordered

    def table(self, name: str) -> pd.DataFrame:
        """A table as the texts its file holds; an empty frame where no command has written it."""
        path = self.folder / name
        return pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else pd.DataFrame()

    def merge_table(self, name: str, frame: pd.DataFrame, *, key: Sequence[str]) -> Path:
        """Replace the row sets of a table that `frame` has anew, keep the others.

        Sorted by all columns as text, so that the file depends on its rows alone, not on the order of commands. A file
        written before a column of the key was there is read by the columns it has.
        """
        path = self.folder / name
        merged = _as_text(frame)
        with self._alone():
            if path.is_file():
                old = self.table(name)
                known = [name for name in key if name in old.columns]
                fresh = set(merged[known].itertuples(index=False, name=None))
                unchanged = old.loc[[row not in fresh for row in old[known].itertuples(index=False, name=None)]]
                merged = pd.concat([unchanged, merged], ignore_index=True).fillna("")
            merged = merged.sort_values(list(map(str, merged.columns)), ignore_index=True)
            write_text(path, merged.to_csv(index=False, lineterminator="\n"))
        return path

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing a file between its reading and its writing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def write_report(self, text: str, *, name: str = "report.md") -> Path:
        """Write a document."""
        path = self.folder / name
        write_text(path, text)
        return path

    def own(self, path: Path, *, command: str) -> None:
        """Record a document or figure, as it is on disk now, as one that a command made."""
        with self._alone():
            known = self._documents()
            known["files"][path.relative_to(self.folder).as_posix()] = file_hash(path)
            write_json(self.folder / _DOCUMENTS, known | {"command": command})

    def retire(self) -> list[str]:
        """Remove the documents and figures that the last command made; a newer table never lies beside them.

        Only what is recorded and still as it was written is removed; returns what somebody has changed since, which
        stays.
        """
        with self._alone():
            changed = []
            for name, content in self._documents()["files"].items():
                path = self.folder / name
                if not path.is_file():
                    continue
                if file_hash(path) == content:
                    path.unlink()
                else:
                    changed.append(name)
            (self.folder / _DOCUMENTS).unlink(missing_ok=True)
        return changed

    def _documents(self) -> dict[str, Any]:
        return json_or_none(self.folder / _DOCUMENTS) or {"command": "", "files": {}}


_DOCUMENTS = ".documents.json"
"""What reports and figures of a folder the last command made, by content; anything else there is somebody's own."""


def _joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The new record, with the old one's entries of what both hold by role of a stage."""
    by_role = ("stages", "seconds", "tokens", "peak_memory_gib", "environment", "resumed_environments")
    return {**new, **{name: {**old.get(name, {}), **new[name]} for name in by_role if name in new}}


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Every value as the text it has in a CSV file; floats keep every digit, NaN is `nan`."""
    text = frame.to_csv(index=False, na_rep="nan", lineterminator="\n")
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
