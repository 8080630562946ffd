"""The verdicts of a finished stage."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from benchbench.core.errors import BenchError
from benchbench.store.verdicts import FILE, ROW_COLUMNS, read_verdicts, write_verdicts


def rows() -> pd.DataFrame:
    values = [
        ("e0", 0, "dpo", "sft", "first", 1.0, False, 3, 4, math.nan, math.nan, "[[A]]", ""),
        ("e0", 0, "dpo", "sft", "second", math.nan, False, 3, 4, 1.5, -0.25, "what?\n\u2028", "asked twice"),
        ("e1", 0, "dpo", "sft", "both", 0.1 + 0.2, True, 3, 3, math.nan, math.nan, "", ""),
    ]
    return pd.DataFrame(values, columns=list(ROW_COLUMNS))


def test_rows_of_a_stage_come_back_and_the_same_rows_are_the_same_bytes(tmp_path: Path):
    write_verdicts(tmp_path, rows().assign(cached=[True, False, True]))
    pd.testing.assert_frame_equal(read_verdicts(tmp_path), rows())
    first = (tmp_path / FILE).read_bytes()
    assert json.loads(first.splitlines()[1])["outcome"] is None
    write_verdicts(tmp_path, rows().assign(cached=False))
    assert (tmp_path / FILE).read_bytes() == first
    write_verdicts(tmp_path, read_verdicts(tmp_path))
    assert (tmp_path / FILE).read_bytes() == first


@pytest.mark.parametrize("content", [None, b"{", b"[]\n", b'{"example": "e"}\n', b"\xff\xfe"])
def test_damaged_rows_are_said(tmp_path: Path, content: bytes | None):
    if content is not None:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(BenchError, match="expected verdict rows, found a missing or damaged file"):
        read_verdicts(tmp_path)
