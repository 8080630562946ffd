"""`bench reread`: a published table of means and spreads, read again without any run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchbench.comparison.reported.contrasts import Reread, read_together
from benchbench.comparison.reported.files import PublishedTable, read_table


@dataclass(frozen=True)
class RereadTable:
    """Every difference of a table as one family, and what was assumed or left out."""

    rows: list[Reread]
    notes: list[str]
    """Assumptions and columns and rows that were not read, one sentence each."""


def reread(
    path: Path, *, baseline: str | None = None, columns: Sequence[str] = (), where: Sequence[str] = ()
) -> RereadTable:
    """Read a published table again.

    Args:
        path: its CSV file.
        baseline: method that rows are compared with which state none; the first row of their metric by default.
        columns: `NAME=COLUMN`, where the file has another name for a column that is read.
        where: `COLUMN=VALUE`, rows to choose; all by default.

    Raises:
        BenchError: exit code 5 where there is no file, else one message with all its faults.
    """
    table = read_table(path, baseline=baseline, columns=columns, where=where)
    return RereadTable(read_together(table.contrasts()), _notes(table))


def _notes(table: PublishedTable) -> list[str]:
    assumed = Counter(row.assumption for row in table.rows if row.assumption)
    names = "; as ".join(f"{name}: {column}" for name, column in table.other_names.items())
    notes = [f"read as {names}"] if names else []
    notes += [f"{text} ({count} of {len(table.rows)} rows)" for text, count in assumed.items()]
    if not table.has_spreads:
        notes.append("no column of spreads (spread, sd, se or ci95); --columns spread=COLUMN names one")
    if table.others:
        notes.append(f"{table.others} other rows of the file were not chosen")
    if table.unread:
        notes.append(f"columns not read: {', '.join(table.unread)}")
    return notes
