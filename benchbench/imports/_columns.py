"""RewardBench's JSON objects of columns, which its first and its second release write."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchbench.core.errors import BenchError, Fault
from benchbench.core.imported import ResultsFile
from benchbench.core.measurement import Array


def read_columns(document: ResultsFile, names: Sequence[str]) -> dict[str, list]:
    """Columns of equal length of the object that a file is.

    Raises:
        BenchError: one that is missing, no list, or longer or shorter than the first.
    """
    columns = {name: document.content.get(name) for name in names}
    lists = {name: values for name, values in columns.items() if isinstance(values, list)}
    faults = [Fault(name, "expected a list with an entry per row, found none") for name in names if name not in lists]
    lengths = {name: len(values) for name, values in lists.items()}
    if not faults and (len(set(lengths.values())) > 1 or not min(lengths.values())):
        shown = ", ".join(f"{name} {length}" for name, length in lengths.items())
        faults.append(Fault("", f"expected columns of one length, above 0, found {shown}"))
    if faults:
        raise BenchError.of_faults(str(document.path), faults)
    return lists


def numbers_or_none(path: Path, name: str, values: Sequence[object]) -> Array:
    """[n] as `numbers`, with NaN where nothing stands.

    Raises:
        BenchError: as `numbers`.
    """
    return numbers(path, name, [math.nan if value is None else value for value in values])


def numbers(path: Path, name: str, values: Sequence[object]) -> Array:
    """[n] scores; a score may stand in a list of its own.

    Raises:
        BenchError: one that is no number.
    """
    plain = [value[0] if isinstance(value, list) and len(value) == 1 else value for value in values]
    others = [number for number, v in enumerate(plain, 1) if isinstance(v, bool) or not isinstance(v, int | float)]
    if others:
        where = f"{path}: {name}, row {others[0]} ({len(others)} in all)"
        raise BenchError(f"{where}: expected a number, found {plain[others[0] - 1]!r}")
    return np.array(plain, dtype=np.float64)
