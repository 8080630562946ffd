"""results/reference/<setting>/: committed rows and verdicts, what follows from them, tables and one checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.core.errors import BenchError
from benchbench.store.files import copy_tree, json_or_none, whole_folder, write_json, write_text
from benchbench.store.manifest import manifest_faults, manifest_size, write_manifest
from benchbench.store.rows import read_rows, write_rows

VERDICTS = "verdicts.parquet"
WIN_RATES = "win_rates.csv"
DERIVED = ("measurements.csv", WIN_RATES, "tables.md")
"""What follows from rows and verdicts."""


@dataclass(frozen=True)
class Reference:
    """What a clean clone regresses against."""

    rows: pd.DataFrame
    """Score rows of every cell."""
    measurements: pd.DataFrame
    """As in measurements.csv, every value as text."""
    verdicts: pd.DataFrame | None
    """Verdict rows of every cell; none where nothing was judged."""
    win_rates: pd.DataFrame | None
    """What follows from them, one row per cell, opponent and metric."""
    tables: str
    """Markdown tables, with the command that made them."""
    model: Path
    """Folder of the checkpoint."""
    about: Mapping[str, Any]
    """Command, checkpoint, environment."""


class ReferenceStore:
    """One folder of reference results."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, reference: Reference) -> None:
        """Replace the folder's contents; whole or not at all."""
        with whole_folder(self.folder) as draft:
            write_rows(draft, reference.rows)
            if reference.verdicts is not None and reference.win_rates is not None:
                write_rows(draft, reference.verdicts, name=VERDICTS)
            _write_derived(draft, reference.measurements, reference.win_rates, reference.tables)
            write_json(draft / "about.json", dict(reference.about))
            copy_tree(reference.model, draft / "checkpoint")
            write_manifest(draft)

    def rewrite(self, measurements: pd.DataFrame, win_rates: pd.DataFrame | None, tables: str) -> None:
        """Replace what follows from the rows and verdicts, which stay as they are, as do their manifest's entries."""
        _write_derived(self.folder, measurements, win_rates, tables)
        write_manifest(self.folder, only=DERIVED)

    def write_manifest(self) -> None:
        """List the files as they are now; for a reference that was written before there were manifests."""
        self.about()
        write_manifest(self.folder)

    def faults(self, *, of_derived: bool = True) -> list[str]:
        """Files that are not as they were written, one line each.

        Args:
            of_derived: whether what follows from rows and verdicts is looked at, too.
        """
        return manifest_faults(self.folder, beside=() if of_derived else DERIVED)

    @property
    def listed_files(self) -> int:
        """How many files the manifest lists."""
        return manifest_size(self.folder)

    @property
    def checkpoint(self) -> Path:
        """Folder of the committed checkpoint."""
        return self.folder / "checkpoint"

    def rows(self) -> pd.DataFrame:
        """The committed score rows."""
        return read_rows(self.folder)

    def measurements(self) -> pd.DataFrame:
        """The committed measurements, every value as text."""
        return pd.read_csv(self.folder / "measurements.csv", dtype=str, keep_default_na=False)

    def verdicts(self) -> pd.DataFrame | None:
        """The committed verdict rows; none where nothing was judged."""
        return read_rows(self.folder, name=VERDICTS) if (self.folder / VERDICTS).is_file() else None

    def win_rates(self) -> pd.DataFrame | None:
        """The committed win rates, every value as text; none where nothing was judged."""
        path = self.folder / WIN_RATES
        return pd.read_csv(path, dtype=str, keep_default_na=False) if path.is_file() else None

    def tables(self) -> str:
        """The committed tables."""
        return (self.folder / "tables.md").read_text(encoding="utf-8")

    def about(self) -> dict[str, Any]:
        """How they were made.

        Raises:
            BenchError: there are no reference results in this folder, or not what this file should hold.
        """
        path = self.folder / "about.json"
        if not path.is_file():
            raise BenchError(f"{path}: no such file; expected a folder that `bench reference` wrote")
        values = json_or_none(path)
        if not isinstance(values, dict):
            lines = "".join(f"\n  {line}" for line in self.faults())
            raise BenchError(f"{path}: expected how the reference was made, found no JSON object; bring it back{lines}")
        return values


def _write_derived(folder: Path, measurements: pd.DataFrame, win_rates: pd.DataFrame | None, tables: str) -> None:
    write_text(folder / "measurements.csv", measurements.to_csv(index=False, lineterminator="\n"))
    if win_rates is not None:
        write_text(folder / WIN_RATES, win_rates.to_csv(index=False, na_rep="nan", lineterminator="\n"))
    write_text(folder / "tables.md", tables)
