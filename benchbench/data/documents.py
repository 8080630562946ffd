"""A results file of another tool, read by what it holds and not by its name: JSON, JSON lines, CSV or Parquet."""

from __future__ import annotations

import zlib
from collections import Counter
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.core.imported import Fields, ResultsFile
from benchbench.core.json_text import JsonTextError, parse_json
from benchbench.data.csv_text import csv_rows
from benchbench.data.files import read_rows
from benchbench.data.unfolding import FOLDED, unfolded
from benchbench.store.files import read_bytes

_PARQUET = b"PAR1"
_SHOWN, _LONGEST = 5, 200
"""Columns that a message names, and their characters."""


def read_document(path: Path) -> ResultsFile:
    """The rows of a file, or the one JSON object that it is.

    Raises:
        BenchError: exit code 5 where there is no file, 2 where it is empty or nothing of the above; the message names
            the line that is no JSON.
    """
    try:
        data = read_bytes(path)
    except OSError as error:
        what = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read ({error.strerror})"
        raise BenchError(
            f"{path}: {what}; name a results file, or a folder of them", exit_code=ExitCode.UNAVAILABLE
        ) from None
    if data.startswith(_PARQUET):
        return ResultsFile(path, read_rows(path), {})
    try:
        text = (unfolded(path) if data.startswith(FOLDED) else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise BenchError(f"{path}: expected text, plain or gzip, found something else ({error})") from None
    if not text.strip():
        raise BenchError(f"{path}: expected results, found an empty file; the run that wrote it may have been stopped")
    return _json(path, text) if text.lstrip()[0] in "[{" else ResultsFile(path, _table(path, text), {})


def _json(path: Path, text: str) -> ResultsFile:
    """One list, one object, or an object on every line."""
    try:
        whole = parse_json(text)
    except JsonTextError:
        return ResultsFile(path, _lines(path, text), {})
    if isinstance(whole, list):
        return ResultsFile(path, [_object(row, f"{path}, row {number}") for number, row in enumerate(whole, 1)], {})
    return ResultsFile(path, [_object(whole, str(path))], whole)


def _lines(path: Path, text: str) -> list[Fields]:
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = parse_json(line)
        except JsonTextError as error:
            problem = f"expected one JSON object, found no JSON ({error}); a file that was cut off ends so"
            raise BenchError(f"{path}, line {number}: {problem}") from None
        rows.append(_object(row, f"{path}, line {number}"))
    return rows


def _object(row: Any, where: str) -> Fields:
    if not isinstance(row, dict):
        raise BenchError(f"{where}: expected a JSON object, found {type(row).__name__}")
    return row


def _table(path: Path, text: str) -> list[Fields]:
    """Rows of a CSV file, every cell as text.

    Raises:
        BenchError: no CSV, no rows below the header, a column twice, a row longer or shorter than the header.
    """
    head, *body = [cells for _, cells in csv_rows(text, str(path)) if cells] or [[]]
    if len(head) < 2 or not body:
        raise BenchError(f"{path}: expected JSON, JSON lines, CSV with a header, or Parquet, found another text")
    if doubled := sorted(name for name, count in Counter(head).items() if count > 1):
        raise BenchError(f"{path}: expected every column once, found twice: {', '.join(doubled[:_SHOWN])[:_LONGEST]}")
    uneven = [number for number, row in enumerate(body, start=2) if len(row) != len(head)]
    if uneven:
        raise BenchError(f"{path}, row {uneven[0]}: expected {len(head)} cells as in the header, found another number")
    return [dict(zip(head, row, strict=True)) for row in body]
