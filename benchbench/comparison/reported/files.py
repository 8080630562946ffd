"""A published table from its CSV file, every fault of it in one message."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchbench.comparison.reported.columns import FileSelection, places, selection
from benchbench.comparison.reported.contrasts import Contrast, independent
from benchbench.comparison.reported.rows import ReportedRow, read_row
from benchbench.core.errors import BenchError, ExitCode, Fault, suggestion

Record = tuple[int, list[str]]
"""(line of the file, cells)."""
_SHOWN = 12
"""Values that a message lists at most."""
_WAYS, _VALUES = 3, 6
"""Columns that may tell rows of one method apart, and values of each, that a message lists at most."""


@dataclass(frozen=True)
class PublishedTable:
    """The rows that were chosen, each with its baseline, and what was left out."""

    rows: tuple[ReportedRow, ...]
    others: int
    """Rows of the file that were not chosen."""
    unread: tuple[str, ...]
    """Columns of the file that nothing was read from, nor rows chosen by."""
    has_spreads: bool
    """Whether there is a column of spreads."""
    other_names: Mapping[str, str]
    """Our name of a column -> the file's, where they differ and no command line says so."""

    def contrasts(self) -> list[Contrast]:
        """Every row against its baseline, but for the baselines themselves."""
        by_name = {(row.metric, row.method): row for row in self.rows}
        return [_contrast(row, by_name[row.metric, row.baseline]) for row in self.rows if row.method != row.baseline]


def read_table(
    path: Path, *, baseline: str | None = None, columns: Sequence[str] = (), where: Sequence[str] = ()
) -> PublishedTable:
    """The table of a file.

    Args:
        path: CSV in UTF-8, columns separated by commas, names of columns in the first line.
        baseline: method that rows are compared with which state none; the first row of their metric by default.
        columns: `NAME=COLUMN`, where the file has another name for a column that is read.
        where: `COLUMN=VALUE`, rows to choose; all by default.

    Raises:
        BenchError: exit code 5 where there is no file, else one message with all faults and their lines.
    """
    chosen, faults = selection(columns, where)
    records = _records(path)
    if not records:
        raise BenchError(f"{path}: expected names of columns in the first line, found an empty file")
    header, lines = [name.strip() for name in records[0][1]], records[1:]
    twice = [name or "a column without a name" for name, count in Counter(header).items() if count > 1]
    faults += [Fault("header", f"expected distinct columns, found {name} more than once") for name in twice]
    read, missing = places(header, chosen)
    faults += missing
    faults += [
        Fault(f"line {line}", f"expected {len(header)} cells as in the header, found {len(cells)}{_separator(cells)}")
        for line, cells in lines
        if len(cells) != len(header)
    ]
    if faults:
        raise BenchError.of_faults(str(path), faults)
    picked = [record for record in lines if _is_picked(record[1], header, chosen)]
    rows, faults = _rows(picked, read, {name: header[place] for name, place in read.items()})
    if not picked:
        faults.append(_nothing_picked(lines, header, chosen))
    with_baselines, missing = _with_baselines(rows, baseline)
    if faults := faults + _repeated(rows, picked, header, read) + ([] if faults else missing):
        raise BenchError.of_faults(str(path), faults)
    other_names = {
        name: header[place] for name, place in read.items() if name not in chosen.columns and header[place] != name
    }
    used = {*read.values(), *(header.index(column) for column in chosen.rows)}
    unread = tuple(name for place, name in enumerate(header) if place not in used)
    has_spreads = bool({"spread", "sd", "se", "ci95"} & read.keys())
    return PublishedTable(tuple(with_baselines), len(lines) - len(picked), unread, has_spreads, other_names)


def _records(path: Path) -> list[Record]:
    """Every line that is not empty, with its cells; a cell in quotes may hold several lines."""
    if not path.is_file():
        raise BenchError(f"{path}: no such file; expected a table as CSV", exit_code=ExitCode.UNAVAILABLE)
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            return list(_numbered(handle))
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise BenchError(f"{path}: cannot be read as CSV in UTF-8 ({error})") from None


def _numbered(handle: Iterator[str]) -> Iterator[Record]:
    reader = csv.reader(handle, strict=True)
    line = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield line, [cell.strip() for cell in cells]
        line = reader.line_num + 1


def _separator(cells: Sequence[str]) -> str:
    """What to do about a line that another separator would cut."""
    if len(cells) == 1 and (sign := next((sign for sign in ";\t|" if sign in cells[0]), "")):
        return f"; separate them by commas, not by {'tabs' if sign == chr(9) else repr(sign)}"
    return ""


def _is_picked(cells: Sequence[str], header: Sequence[str], chosen: FileSelection) -> bool:
    return all(cells[header.index(column)] in values for column, values in chosen.rows.items())


def _nothing_picked(lines: Sequence[Record], header: Sequence[str], chosen: FileSelection) -> Fault:
    if not chosen.rows or not lines:
        return Fault("", "expected rows below the header, found none")
    described = []
    for column, values in chosen.rows.items():
        there = list(dict.fromkeys(cells[header.index(column)] for _, cells in lines))
        more = f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else ""
        described.append(f"{column}={' or '.join(values)} (there: {', '.join(there[:_SHOWN])}{more})")
    return Fault("--where", f"expected rows with {', '.join(described)}; found none")


def _rows(
    records: Sequence[Record], read: Mapping[str, int], columns: Mapping[str, str]
) -> tuple[list[ReportedRow], list[Fault]]:
    rows: list[ReportedRow] = []
    faults: list[Fault] = []
    for line, cells in records:
        row = read_row({name: cells[place] for name, place in read.items()}, line, columns=columns)
        if isinstance(row, ReportedRow):
            rows.append(row)
        else:
            faults += row
    return rows, faults


def _repeated(
    rows: Sequence[ReportedRow], records: Sequence[Record], header: Sequence[str], read: Mapping[str, int]
) -> list[Fault]:
    """Methods with several rows under one metric, and the column that tells most of these apart."""
    lines: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        lines.setdefault((row.metric, row.method), []).append(row.line)
    repeated = {key: several for key, several in lines.items() if len(several) > 1}
    if not repeated:
        return []
    (metric, method), several = next(iter(repeated.items()))
    others = len(repeated) - 1
    more = f", and {others} more {'stands' if others == 1 else 'stand'} in several" if others else ""
    under = f" under {metric}" if metric else ""
    where = f"'{method}'{under} stands in lines {_and(list(map(str, several)))}{more}"
    advice = f"give one row for each method{_told_apart(repeated.values(), dict(records), header, read)}"
    return [Fault("method", f"{where}; {advice}")]


def _told_apart(
    repeated: Collection[Sequence[int]],
    cells: Mapping[int, Sequence[str]],
    header: Sequence[str],
    read: Mapping[str, int],
) -> str:
    """How `--where` would choose one row of each method: the first columns in which rows of one method differ."""
    places = [place for place in range(len(header)) if place not in read.values()]
    apart = [place for place in places if any(len({cells[line][place] for line in lines}) > 1 for lines in repeated)]
    ways = []
    for place in apart[:_WAYS]:
        values = list(dict.fromkeys(row[place] for row in cells.values() if row[place]))
        ways.append(f"{header[place]}=VALUE ({_and(values, _VALUES)})")
    return f", or choose rows with --where {' or '.join(ways)}" if ways else ""


def _and(words: Sequence[str], most: int = _SHOWN) -> str:
    """The words in a sentence, the first few of many."""
    shown, more = (words[:most], f"{len(words) - most} more") if len(words) > most else (words[:-1], words[-1])
    return f"{', '.join(shown)} and {more}" if shown else more


def _with_baselines(rows: Sequence[ReportedRow], baseline: str | None) -> tuple[list[ReportedRow], list[Fault]]:
    """The rows with the baseline that each is compared with, and which of these are not there."""
    methods: dict[str, list[str]] = {}
    for row in rows:
        methods.setdefault(row.metric, []).append(row.method)
    stated = [replace(row, baseline=row.baseline or baseline or methods[row.metric][0]) for row in rows]
    faults: list[Fault] = []
    for row, resolved in zip(rows, stated, strict=True):
        there = methods[row.metric]
        if resolved.baseline not in there:
            where = f"line {row.line}, baseline" if row.baseline else "--baseline"
            under = f" under {row.metric}" if row.metric else ""
            known = f"{suggestion(resolved.baseline, there)} Methods: {', '.join(there)}."
            faults.append(Fault(where, f"expected a method of the table{under}, found '{resolved.baseline}'.{known}"))
    if rows and not faults and all(row.method == row.baseline for row in stated):
        faults.append(Fault("", "expected a row beside each baseline to compare with it, found none"))
    return stated, list(dict.fromkeys(faults))


def _contrast(row: ReportedRow, baseline: ReportedRow) -> Contrast:
    notes = [f"{side.method} has {side.note}" for side in (row, baseline) if side.note]
    if row.n is not None and baseline.n is not None and row.n != baseline.n:
        notes.append(f"other test items ({row.n} and {baseline.n}), whose sampling is not in the interval")
    return Contrast(
        candidate=row.method,
        baseline=baseline.method,
        metric=row.metric,
        seeds=(row.runs.k, baseline.runs.k),
        interval=independent(row.runs, baseline.runs),
        notes=tuple(notes),
    )
