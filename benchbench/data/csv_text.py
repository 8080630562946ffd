"""CSV texts of anybody, cut into cells: what Python's module cannot cut is refused with the line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from benchbench.core.errors import BenchError, ExitCode
from benchbench.store.files import require_file


def csv_rows(text: str, where: str, *, delimiter: str = ",", quoted: bool = True) -> list[tuple[int, list[str]]]:
    """(line, cells) of every row, also of empty ones, which have no cells.

    Args:
        text: of the file; a cell in quotes may hold several lines.
        where: it stands, for the message.
        delimiter: between cells.
        quoted: whether quotes are no part of a cell.

    Raises:
        BenchError: a cell longer than any is, as after a quote that never ends.
    """
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, quoting=quoting)
    rows: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            rows.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise BenchError(f"{where}, line {line}: cannot be cut into cells ({error}); look for a stray quote") from None
    return rows


def table_text(path: Path) -> str:
    """The text of a table's file, without a mark of UTF-8 before it.

    Raises:
        BenchError: exit code 5 where nothing can be had; it is no text in UTF-8.
    """
    try:
        require_file(path)
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BenchError(f"{path}: no such file; put the data there", exit_code=ExitCode.UNAVAILABLE) from None
    except OSError as error:
        raise BenchError(f"{path}: cannot be read ({error.strerror})", exit_code=ExitCode.UNAVAILABLE) from None
    except UnicodeDecodeError as error:
        problem = f"found another ({error.reason} at byte {error.start}); save it as UTF-8"
        raise BenchError(f"{path}: expected text in UTF-8, {problem}") from None
