"""Parquet tables of stages: log-probabilities and rewards, one row per response."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchbench.core.errors import BenchError
from benchbench.store.files import read_bytes, written

ROWS = "rows.parquet"


def write_rows(folder: Path, frame: pd.DataFrame, *, name: str = ROWS) -> None:
    """Store a table of a stage."""
    table = pa.Table.from_pandas(frame, preserve_index=False, nthreads=1)
    with written(folder / name) as draft:
        pq.write_table(table, draft, compression="zstd")


def read_rows(folder: Path, *, name: str = ROWS) -> pd.DataFrame:
    """The table of a finished stage.

    Raises:
        BenchError: the file is missing or damaged.
    """
    path = folder / name
    try:
        return read_parquet(path).to_pandas(use_threads=False)
    except (OSError, pa.ArrowInvalid) as error:
        reason = str(error).splitlines()[0]
        raise BenchError(
            f"{path}: expected a table of rows, found a missing or damaged file ({reason}); "
            "bring it back, or remove its folder and run the command that makes it"
        ) from None


def read_parquet(path: Path) -> pa.Table:
    """A Parquet file, on this thread alone: where memory does not suffice for another, Arrow's pool waits for ever.

    Raises:
        OSError: it cannot be opened.
        pyarrow.ArrowException: it is no such file.
    """
    with pq.ParquetFile(pa.BufferReader(read_bytes(path))) as file:  # of a path, it is a thread that reads
        return file.read(use_threads=False)
