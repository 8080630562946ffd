"""Columns of a published table: which of a file's columns holds the method, the value, its spread and its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchbench.core.errors import Fault, suggestion

REQUIRED = ("method", "value", "k")
TYPED_SPREADS = ("sd", "se", "ci95")
"""Columns of spreads that say their type by their name: sd over seeds, standard error, half a 95 % interval."""
SPREADS = ("spread", *TYPED_SPREADS)
COLUMNS = (*REQUIRED, *SPREADS, "spread_type", "ddof", "metric", "n", "baseline")
"""Every column that is read; all others are left out and named."""
_LISTED, _LONGEST = 40, 80
"""Columns that a message lists, and characters of one."""
_OTHER_NAMES = {"k": ("n_seeds", "num_seeds", "seeds"), "spread_type": ("type",), "ddof": ("sd_ddof",)} | {
    name: (f"{name}_pct", f"{name}_percent") for name in ("value", *SPREADS)
}
"""Read where the column itself is not there, the first that is; what is read so is said."""


@dataclass(frozen=True)
class FileSelection:
    """What a command line says of a table: which columns to read, and which rows."""

    columns: Mapping[str, str]
    """One of `COLUMNS` -> name in the file's header."""
    rows: Mapping[str, tuple[str, ...]]
    """Name in the file's header -> values, one of which a row must have; several columns must all agree."""


def selection(columns: Sequence[str], where: Sequence[str]) -> tuple[FileSelection, list[Fault]]:
    """The selection of `NAME=COLUMN` and `COLUMN=VALUE` words, and what is wrong with them.

    Args:
        columns: of `--columns`.
        where: of `--where`.
    """
    chosen: dict[str, str] = {}
    rows: dict[str, tuple[str, ...]] = {}
    faults = []
    for word in columns:
        name, equals, column = (part.strip() for part in word.partition("="))
        if not equals or not column:
            faults.append(Fault("--columns", f"expected NAME=COLUMN, as in value=accuracy; found '{word}'"))
        elif name not in COLUMNS:
            known = f"expected one of {', '.join(COLUMNS)} before '=', found '{name}'.{suggestion(name, COLUMNS)}"
            faults.append(Fault("--columns", known))
        elif name in chosen:
            faults.append(Fault("--columns", f"{name} is given twice, as '{chosen[name]}' and '{column}'; keep one"))
        else:
            chosen[name] = column
    for word in where:
        column, equals, value = (part.strip() for part in word.partition("="))
        if not equals or not column:
            faults.append(Fault("--where", f"expected COLUMN=VALUE, as in table=main; found '{word}'"))
        else:
            rows[column] = (*rows.get(column, ()), value)
    return FileSelection(chosen, rows), faults


def places(header: Sequence[str], chosen: FileSelection) -> tuple[dict[str, int], list[Fault]]:
    """Place of each column that is read, and what the header lacks.

    Args:
        header: names of the file's columns, distinct.
        chosen: of the command line.

    Of several columns of spreads, one that the command line names is the one that is read.
    """
    faults = [
        Fault(option, f"expected a column of the file, found '{column}'.{suggestion(column, header)} {_listed(header)}")
        for option, names in (("--columns", chosen.columns.values()), ("--where", chosen.rows))
        for column in names
        if column not in header
    ]
    names = {name: _column(name, header, chosen) for name in COLUMNS}
    if any(name in header for name in SPREADS):  # such as both `spread` and `sd_pct`
        names |= {name: name for name in SPREADS if name not in chosen.columns}
    read = {name: header.index(column) for name, column in names.items() if column in header}
    missing = [name for name in REQUIRED if name not in read and name not in chosen.columns]
    if missing:
        ways = " ".join(f"{name}=COLUMN" for name in missing)
        detail = f"expected a column {' and one '.join(missing)}, found none; --columns {ways} names another. "
        faults.append(Fault("header", detail + _listed(header)))
    named = [name for name in SPREADS if name in chosen.columns]
    spreads = named or [name for name in SPREADS if name in read]
    if len(spreads) > 1:
        which = ", ".join(spreads)
        advice = f"--columns {spreads[0]}={names[spreads[0]]} chooses one"
        faults.append(Fault("header", f"expected one column of spreads, found {which}; {advice}"))
    dropped = set(SPREADS) - set(spreads)
    return {name: place for name, place in read.items() if name not in dropped}, faults


def _column(name: str, header: Sequence[str], chosen: FileSelection) -> str:
    """Name in the file of a column to be read, whether it is there or not."""
    if name in chosen.columns:
        return chosen.columns[name]
    return next((known for known in (name, *_OTHER_NAMES.get(name, ())) if known in header), name)


def _listed(header: Sequence[str]) -> str:
    more = f" and {len(header) - _LISTED} more" if len(header) > _LISTED else ""
    return f"Columns: {', '.join(name[:_LONGEST] for name in header[:_LISTED])}{more}."
