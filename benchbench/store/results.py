"""results/<setting>/: one record per cell, and the tables derived from them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.json_text import parse_json
from benchbench.store.checksums import CHECKSUM, is_as_stamped, stamped
from benchbench.store.contents import entry_of, shown_entry
from benchbench.store.damage import beside, say, say_damage, set_aside
from benchbench.store.file_hashes import file_hash
from benchbench.store.files import json_or_none, write_bytes, write_json, write_text
from benchbench.store.lease_files import RESULT_LEASES
from benchbench.store.leases import hold

if TYPE_CHECKING:  # a third of a second to import, which a folder that stays as it is does not need
    import pandas as pd


class ResultStore:
    """The folder of one setting below results/."""

    def __init__(self, root: Path, setting: str) -> None:
        self.folder = root / setting
        self._lease = root / RESULT_LEASES / setting.replace("/", "-")

    def cells(self) -> list[dict[str, Any]]:
        """Every recorded cell, in the order of their identity; times are in them, so each line has its checksum.

        Raises:
            ValueError: a line is damaged, or not as it was written, or has no cell.
        """
        path = self.folder / CELLS
        texts = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        records = [parse_json(text) for text in texts]
        if not all(isinstance(each, dict) and "cell" in each and is_as_stamped(each, without=each) for each in records):
            raise ValueError("a record that is not as it was written")
        return [{name: value for name, value in each.items() if name != CHECKSUM} for each in records]

    def faults(self) -> list[str]:
        """What of the cells and tables is not as it was written, one line per file with both hashes."""
        faults = [fault for name in sorted(self._entries()) if name != CELLS and (fault := self._fault(name))]
        faults += [fault] if (fault := self._hashes_fault()) else []
        return faults + ([fault] if (fault := self._cells_fault()) else [])

    @property
    def is_written(self) -> bool:
        """Whether a command has written cells or a table here."""
        return (self.folder / CELLS).exists() or (self.folder / _HASHES).exists()

    def _sound_cells(self) -> dict[str, dict[str, Any]]:
        """Cell -> record of the lines of a damaged file that are as they were written; none where it is gone."""
        sound: dict[str, dict[str, Any]] = {}
        path = self.folder / CELLS
        for line in path.read_bytes().splitlines() if path.is_file() else []:
            with suppress(ValueError, KeyError):
                record = parse_json(line)
                if isinstance(record, dict) and CHECKSUM in record and is_as_stamped(record, without=()):
                    sound[record["cell"]] = {name: value for name, value in record.items() if name != CHECKSUM}
        return sound

    def _cells_fault(self) -> str:
        """What is wrong with the record of cells: a line, or lines that are gone; empty where nothing is."""
        try:
            self.cells()
        except ValueError as error:
            path = self.folder / CELLS
            return f"{path}: expected a record per line as it was written, found a damaged file ({error})"
        return self._fault(CELLS)

    def _fault(self, name: str) -> str:
        """What is wrong with a file; empty where nothing is, or a version without hashes wrote it."""
        path, entries = self.folder / name, self._entries().get(name, [])
        present = entry_of(path) if path.is_file() else None
        if not entries or present in entries:
            return ""
        return f"{path}: expected {shown_entry(entries[-1])}, found {shown_entry(present) if present else _GONE}"

    def _entries(self) -> dict[str, list[Any]]:
        """Name -> what a file may be: the last entry, and while it is written the one before, none for no file."""
        values = json_or_none(self.folder / _HASHES)
        return values["files"] if is_as_stamped(values, without=()) and values else {}

    def _hashes_fault(self) -> str:
        """What is wrong with the hashes themselves; empty where nothing is, or there are none yet."""
        path = self.folder / _HASHES
        if not path.is_file() or self._entries() or is_as_stamped(json_or_none(path), without=()):
            return ""
        return f"{path}: expected the hashes of the tables as they were written, found a damaged file"

    def _write(self, name: str, text: str) -> None:
        """Write a table or the record of cells, and what it is known by from now on."""
        content, path = text.encode(), self.folder / name
        new = {"bytes": len(content), "sha256": sha256(content).hexdigest()}
        others = {other: entries for other, entries in self._entries().items() if other != name}
        before = entry_of(path) if path.is_file() else None
        write_json(self.folder / _HASHES, stamped({"files": {**others, name: [before, new]}}))
        write_bytes(path, content)
        write_json(self.folder / _HASHES, stamped({"files": {**others, name: [new]}}))

    def set_damaged_aside(self, name: str) -> None:
        """Move a table away that is not as it was written, and say so, before it is read or written anew."""
        with self._alone():
            self._set_damaged_aside(name)

    def _set_damaged_aside(self, name: str) -> None:
        """Move a file away that is not as it was written, and say so; what this command has of it is written anew.

        So are hashes that are not: what lies there then counts as of a version without hashes until it is written.
        """
        if fault := self._hashes_fault():
            place = set_aside(self.folder / _HASHES, beside(self.folder / _HASHES))
            say_damage(f"{fault}; it is set aside as {place.name}, and each table has a hash again when it is written")
        if fault := self._cells_fault() if name == CELLS else self._fault(name):
            path = self.folder / name
            aside = f"it is set aside as {set_aside(path, beside(path)).name} and" if path.is_file() else "it is"
            others = {other: entries for other, entries in self._entries().items() if other != name}
            write_json(self.folder / _HASHES, stamped({"files": others}))
            say_damage(f"{fault}; {aside} made again: the commands that made other rows of it bring them back")

    def upsert_cells(self, records: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Add or replace cells by their identity; the file is rewritten whole.

        Roles of stages that a command had no use for, such as responses beside `--pairs-only`, stay as they were.
        """
        with self._alone():
            if self._cells_fault():
                known = self._sound_cells()
            else:
                known = {record["cell"]: dict(record) for record in self.cells()}
            self._set_damaged_aside(CELLS)
            known |= {record["cell"]: _joined(known.get(record["cell"], {}), record) for record in records}
            ordered = [known[key] for key in sorted(known)]
            lines = [json.dumps(stamped(record), sort_keys=True) + "\n" for record in ordered]
            self._write(CELLS, "".join(lines))
        return ordered

    def table(self, name: str) -> pd.DataFrame:
        """A table as the texts its file holds; an empty frame where no command has written it.

        Raises:
            BenchError: exit code 5; it is not as it was written.
        """
        if self._hashes_fault() or self._fault(name):  # perhaps it is being written, so look again when nobody does
            with self._alone():
                return self._table(name)
        return self._table(name)

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        if fault := self._hashes_fault() or self._fault(name):
            raise BenchError(
                f"{fault}; run the command again that made it, or bring it back", exit_code=ExitCode.UNAVAILABLE
            )
        path = self.folder / name
        return pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else pd.DataFrame()

    def merge_table(self, name: str, frame: pd.DataFrame, *, key: Sequence[str]) -> Path:
        """Replace the row sets of a table that `frame` has anew, keep the others.

        Sorted by all columns as text, so that the file depends on its rows alone, not on the order of commands. A file
        written before a column of the key was there is read by the columns it has.
        """
        import pandas as pd

        path = self.folder / name
        merged = _as_text(frame)
        with self._alone():
            self._set_damaged_aside(name)
            if path.is_file():
                old = self._table(name)
                known = [name for name in key if name in old.columns]
                fresh = set(merged[known].itertuples(index=False, name=None))
                unchanged = old.loc[[row not in fresh for row in old[known].itertuples(index=False, name=None)]]
                merged = pd.concat([unchanged, merged], ignore_index=True).fillna("")
            merged = merged.sort_values(list(map(str, merged.columns)), ignore_index=True)
            self._write(name, merged.to_csv(index=False, lineterminator="\n"))
        return path

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from changing a file between its reading and its writing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with hold(self._lease, guards=self.folder, waiting=say):
            yield

    def write_report(self, text: str, *, name: str = "report.md") -> Path:
        """Write a document."""
        path = self.folder / name
        write_text(path, text)
        return path

    def note_stages(self, name: str, table: str, keys: Iterable[str]) -> Path:
        """Say what stages something beside the cells rests on, so that `bench clean` keeps them; other entries stay."""
        path = self.folder / name
        with self._alone():
            known = json_or_none(path)
            write_json(path, {**(known if isinstance(known, dict) else {}), table: sorted(keys)})
        return path

    def own(self, path: Path, *, command: str, made_from: str = "") -> None:
        """Record a document or figure, as it is on disk now, as one that a command made.

        Args:
            path: in this folder.
            command: line that made it.
            made_from: fingerprint of all that it was made from, so that it need not be made again; empty: it always is.
        """
        with self._alone():
            known, name = self._documents(), path.relative_to(self.folder).as_posix()
            known["files"][name] = file_hash(path)
            if made_from:
                known["made_from"][name] = made_from
            write_json(self.folder / _DOCUMENTS, known | {"command": command})

    def is_as_made(self, name: str, made_from: str) -> bool:
        """Whether a document is recorded as made from this, and still as it was written."""
        known, path = self._documents(), self.folder / name
        recorded = known["made_from"].get(name) == made_from and path.is_file()
        return recorded and known["files"].get(name) == file_hash(path)

    def retire(self, *, keep: Mapping[str, str] | None = None) -> list[str]:
        """Remove the documents and figures that the last command made; a newer table never lies beside them.

        Only what is recorded and still as it was written is removed; returns what somebody has changed since, which
        stays.

        Args:
            keep: name -> what it is to be made from; what is recorded as made from the same stays, and recorded.
        """
        wanted = {name: source for name, source in (keep or {}).items() if self.is_as_made(name, source)}
        with self._alone():
            known, changed = self._documents(), []
            for name, content in known["files"].items():
                path = self.folder / name
                if name in wanted or not path.is_file():
                    continue
                if file_hash(path) == content:
                    path.unlink()
                else:
                    changed.append(name)
            (self.folder / _DOCUMENTS).unlink(missing_ok=True)
            if wanted:
                files = {name: known["files"][name] for name in wanted}
                write_json(self.folder / _DOCUMENTS, {"command": known["command"], "files": files, "made_from": wanted})
        return changed

    def state(self, *, command: str) -> dict[str, str]:
        """File -> content hash of the record of cells, every table, and what documents and figures `command` made.

        Empty where another command made the documents last, or one of them is not as it was made.
        """
        with self._alone():
            documents = self._documents()
            names = [CELLS, _DOCUMENTS, *documents["files"], *(path.name for path in self.folder.glob("*.csv"))]
            paths = {name: self.folder / name for name in sorted(names)}
            state = {name: file_hash(path) for name, path in paths.items() if path.is_file()}
        as_made = documents["files"].items() <= state.items()
        return state if documents["command"] == command and as_made else {}

    def _documents(self) -> dict[str, Any]:
        empty = {"command": "", "files": {}, "made_from": {}}
        return empty | (json_or_none(self.folder / _DOCUMENTS) or {})


CELLS = "cells.jsonl"
_GONE = "no such file"
_HASHES = ".hashes.json"
"""What the record of cells and each table were when they were written."""
_DOCUMENTS = ".documents.json"
"""What reports and figures of a folder the last command made, by content; anything else there is somebody's own."""


def _joined(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The new record, with the old entries of what both hold by role of a stage, and the old ledger if it has none."""
    by_role = ("stages", "seconds", "tokens", "peak_memory_gib", "environment", "resumed_environments")
    ledger = {"ledger": old["ledger"]} if "ledger" in old else {}
    return {**ledger, **new, **{name: {**old.get(name, {}), **new[name]} for name in by_role if name in new}}


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Every value as the text it has in a CSV file; floats keep every digit, NaN is `nan`."""
    import pandas as pd

    text = frame.to_csv(index=False, na_rep="nan", lineterminator="\n")
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
