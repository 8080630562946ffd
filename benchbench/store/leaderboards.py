"""Leaderboards on disk: a table as CSV, and the page that is made of it alone."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchbench.core.errors import BenchError
from benchbench.store.files import csv_text, write_files


def write_leaderboard(folder: Path, setting: str, rows: Sequence[Mapping[str, object]], page: str) -> tuple[Path, Path]:
    """Write `<setting>.csv` and `<setting>.md`; numbers are written so that they are read back exactly."""
    table, document = folder / f"{setting}.csv", folder / f"{setting}.md"
    contents = {table: csv_text(list(rows[0]), rows), document: page}
    write_files(contents)  # both or neither, since the page is made of the table
    return table, document


def read_leaderboard(path: Path) -> list[dict[str, str]]:
    """The rows that were written, as texts.

    Raises:
        BenchError: no such file.
    """
    if not path.is_file():
        raise BenchError(f"{path}: expected a leaderboard, found no file; write one with `bench leaderboard --write`")
    with path.open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file)]
