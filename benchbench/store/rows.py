"""Parquet tables of stages: log-probabilities and rewards, one row per response."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = "rows.parquet"


def write_rows(folder: Path, frame: pd.DataFrame) -> None:
    """Store a table of a stage."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, folder / ROWS, compression="zstd")


def read_rows(folder: Path) -> pd.DataFrame:
    """The table of a finished stage."""
    return pq.read_table(folder / ROWS).to_pandas()
