"""The log of what was tried: one CSV for all methods and settings, a row per value of a grid.

A file of texts, so that a row which is not replaced is written back as it was. It has no dates: the same grids give the
same file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchbench.core.errors import BenchError
from benchbench.store.files import cell_text, write_csv

FIRST = ("setting", "method")
"""What a grid is the grid of; its rows are replaced together."""
LAST = ("mean", "below_best", "se", "chosen", "widened", "diverged", "metric", "scoring", "split", "rule")
_SEED = re.compile(r"seed \d+")


def read_tuning_log(path: Path) -> list[dict[str, str]]:
    """Every row of a log, as texts; no rows where there is no file.

    Raises:
        BenchError: a file without the columns of a log.
    """
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in (*FIRST, *LAST) if name not in (reader.fieldnames or ())]
        if missing:
            raise BenchError(f"{path}: expected a log of `bench tune`, found no column {', '.join(missing)}")
        return [dict(row) for row in reader]


def update_tuning_log(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    """Put the rows of whole grids into a log; those of the same setting and method that were there go.

    Raises:
        BenchError: as `read_tuning_log`.
    """
    new = list(rows)
    replaced = {_grid(row) for row in new}
    unchanged = [row for row in read_tuning_log(path) if _grid(row) not in replaced]
    merged = sorted([*unchanged, *new], key=_grid)  # stable: the order of a grid's own rows stays
    write_csv(path, _columns(merged), merged)


def _grid(row: Mapping[str, object]) -> tuple[str, str]:
    return str(row["setting"]), str(row["method"])


def _columns(rows: Sequence[Mapping[str, object]]) -> list[str]:
    """Setting and method, the keys of all grids, the seeds, and the rest; a column that no row fills is left out."""
    filled = {name for row in rows for name, value in row.items() if cell_text(value)} - {*FIRST, *LAST}
    seeds = sorted((name for name in filled if _SEED.fullmatch(name)), key=lambda name: int(name.split()[1]))
    return [*FIRST, *sorted(filled - {*seeds}), *seeds, *LAST]
