"""Leaderboards on disk: a table as CSV, and the page that is made of it alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from benchbench.core.errors import BenchError


def write_leaderboard(folder: Path, setting: str, frame: pd.DataFrame, page: str) -> tuple[Path, Path]:
    """Write `<setting>.csv` and `<setting>.md`; numbers are written so that they are read back exactly."""
    folder.mkdir(parents=True, exist_ok=True)
    table, document = folder / f"{setting}.csv", folder / f"{setting}.md"
    frame.to_csv(table, index=False, lineterminator="\n")
    document.write_text(page, encoding="utf-8")
    return table, document


def read_leaderboard(path: Path) -> pd.DataFrame:
    """The frame that was written.

    Raises:
        BenchError: no such file.
    """
    if not path.is_file():
        raise BenchError(f"{path}: expected a leaderboard, found no file; write one with `bench leaderboard --write`")
    texts = dict.fromkeys(("method", "form", "degenerated", "marks", "metric", "scoring"), str)
    return pd.read_csv(path, dtype=texts, keep_default_na=True).fillna(dict.fromkeys(texts, ""))
