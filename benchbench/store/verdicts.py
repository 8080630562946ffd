"""verdicts.jsonl of a finished judge stage: one row per answer of the judge."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from benchbench.core.errors import BenchError
from benchbench.core.json_text import parse_json
from benchbench.store.files import read_text, write_text

FILE = "verdicts.jsonl"
ROW_COLUMNS = (
    "example",
    "sample",
    "label",
    "opponent",
    "order",
    "outcome",
    "identical",
    "length",
    "opponent_length",
    "score",
    "opponent_score",
    "raw",
    "note",
)
"""What verdicts.jsonl holds, so that a run that only read the cache writes the same bytes as the one that filled it."""


def write_verdicts(folder: Path, rows: pd.DataFrame) -> None:
    """Store the rows of a finished judge stage, one JSON line each, whole or not at all; a missing outcome is null."""
    values = rows[list(ROW_COLUMNS)].astype(object).where(rows[list(ROW_COLUMNS)].notna(), None)
    lines = (json.dumps(dict(zip(ROW_COLUMNS, row, strict=True))) for row in values.itertuples(index=False, name=None))
    write_text(folder / FILE, "".join(f"{line}\n" for line in lines))


def read_verdicts(folder: Path) -> pd.DataFrame:
    """The rows of a finished judge stage.

    Raises:
        BenchError: the file is missing or damaged.
    """
    path = folder / FILE
    try:
        rows = [parse_json(line) for line in read_text(path).split("\n") if line]
        frame = pd.DataFrame([[row[name] for name in ROW_COLUMNS] for row in rows], columns=list(ROW_COLUMNS))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(
            f"{path}: expected verdict rows, found a missing or damaged file ({error}); "
            "remove its folder and run the command that makes it"
        ) from None
    return frame.astype({"outcome": "float64", "score": "float64", "opponent_score": "float64"})
