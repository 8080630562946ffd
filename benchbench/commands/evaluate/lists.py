"""`bench eval` of score rows that hold lists of candidates: ranking metrics under every scoring at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from benchbench.comparison.lists.measure import measure_lists
from benchbench.comparison.pairs.scorings import SCORINGS
from benchbench.core.errors import BenchError
from benchbench.store.rows import ROWS, read_rows

GOLD = "gold"
"""Column that says how good each candidate is, where none is named."""
COLUMN = "column_"
"""Beginning of the names of columns of the data among score rows."""
_SUFFIXES = (".parquet", ".csv")


def is_rows(target: str) -> bool:
    """Whether a target is a table of score rows, or the folder of a stage that holds one, and no recipe or model."""
    path = Path(target)
    return (path.is_file() and path.suffix in _SUFFIXES) or (path / ROWS).is_file()


def evaluate_lists(target: str, *, gold: str | None) -> pd.DataFrame:
    """One row per ranking metric and scoring.

    Args:
        target: a stage's folder, or a parquet or CSV file with a row per candidate: `example`, `candidate`, scores
            (`logp_mean`, `logp_sum`, `ref_logp_sum`, `reward`), and how good it is in `column_` + `gold`.
        gold: name of that column; `gold` by default.

    Raises:
        BenchError: rows without candidates or scores, an unknown column, or numbers that cannot be ranked.
    """
    frame = _read(Path(target))
    missing = [name for name in ("example", "candidate") if name not in frame]
    if missing:
        raise BenchError(f"{target}: expected a row per candidate, found no column {', '.join(missing)}")
    scorings = [name for name, scoring in SCORINGS.items() if _has(frame, scoring.reads)]
    if not scorings:
        needed = ", ".join(dict.fromkeys(name for scoring in SCORINGS.values() for name in scoring.reads))
        raise BenchError(f"{target}: expected scores in one of {needed}, found columns {', '.join(map(str, frame))}")
    gold = gold or GOLD
    if f"{COLUMN}{gold}" not in frame:
        raise BenchError(f"{target}: {_without_gold(gold, [str(name) for name in frame])}")
    rows = []
    for scoring in scorings:
        try:
            rows += measure_lists(frame, scoring, gold=gold)
        except ValueError as error:
            raise BenchError(f"{target}: {error}; mend or leave out these rows") from None
    return pd.DataFrame([asdict(row) for row in rows])


def _without_gold(gold: str, columns: Sequence[str]) -> str:
    """What is missing where no column says how good candidates are, and the way out."""
    others = [name for name in columns if name.startswith(COLUMN)]
    if others:
        way_out = f"found {', '.join(others)}; --gold {others[0].removeprefix(COLUMN)} reads it"
    else:
        way_out = "found none; name it so, or name another behind --gold"
    return f"expected a column {COLUMN}{gold}, which says how good each candidate is, {way_out}"


def about(target: str, frame: pd.DataFrame, *, gold: str | None) -> str:
    """What the rows are of: how many lists, of how many candidates, ranked against which column."""
    sizes = Counter(_read(Path(target))["example"])
    least, most = min(sizes.values()), max(sizes.values())
    lengths = f"{least}" if least == most else f"{least} to {most}"
    scored = ", ".join(dict.fromkeys(frame["scoring"]))
    return f"{len(sizes)} lists of {lengths} candidates, ranked by {scored}, against column {gold or GOLD}"


def _read(path: Path) -> pd.DataFrame:
    if path.is_dir():
        return read_rows(path)
    if path.suffix == ".parquet":
        return read_rows(path.parent, name=path.name)
    try:
        return pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise BenchError(f"{path}: expected a table of rows as CSV, found {str(error).splitlines()[0]}") from None


def _has(frame: pd.DataFrame, columns: Sequence[str]) -> bool:
    return all(name in frame and frame[name].notna().any() for name in columns)
