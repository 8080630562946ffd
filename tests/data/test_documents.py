"""Results files are read by what they hold: JSON, JSON lines, CSV, Parquet, plain or gzip."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from benchbench.core.errors import BenchError, ExitCode
from benchbench.data.documents import read_document

ROWS = [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
JSON = '[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]'
LINES = '{"a": 1, "b": "x"}\n\n{"a": 2, "b": "y"}\n'


@pytest.mark.parametrize("text", [JSON, LINES, "\ufeff" + LINES], ids=["list", "lines", "lines with a mark"])
@pytest.mark.parametrize("name", ["results.json", "results.jsonl", "results"])
def test_rows_are_read_whatever_the_file_is_called(tmp_path: Path, text: str, name: str):
    (tmp_path / name).write_text(text, encoding="utf-8")
    document = read_document(tmp_path / name)
    assert list(document.rows) == ROWS and document.first == ROWS[0] and document.content == {}


def test_one_object_is_a_row_and_the_content(tmp_path: Path):
    (tmp_path / "one.jsonl").write_text('{"a": 1}\n')
    document = read_document(tmp_path / "one.jsonl")
    assert document.content == {"a": 1} and list(document.rows) == [{"a": 1}]


def test_gzip_and_parquet_are_seen_by_their_first_bytes(tmp_path: Path):
    (tmp_path / "packed.json").write_bytes(gzip.compress(LINES.encode()))
    assert list(read_document(tmp_path / "packed.json").rows) == ROWS
    pd.DataFrame(ROWS).to_parquet(tmp_path / "table.parquet")
    assert list(read_document(tmp_path / "table.parquet").rows) == ROWS


def test_a_table_has_texts_and_a_first_column_without_a_name(tmp_path: Path):
    (tmp_path / "board.csv").write_text(',win_rate\n"a, b",50.0\n\n')
    assert list(read_document(tmp_path / "board.csv").rows) == [{"": "a, b", "win_rate": "50.0"}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected results, found an empty file"),
        ('{"a": 1}\n{"a": ', "line 2: expected one JSON object, found no JSON"),
        ('{"a": 1}\n[1]', "line 2: expected a JSON object, found list"),
        ("[1, 2]", "row 1: expected a JSON object, found int"),
        ("hello", "expected JSON, JSON lines, CSV with a header, or Parquet"),
        ("a,a\n1,2\n", "expected every column once, found twice: a"),
        ("a,b\n1,2\n1\n", "row 3: expected 2 cells as in the header"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(tmp_path: Path, text: str, message: str):
    (tmp_path / "file").write_text(text)
    with pytest.raises(BenchError, match=message):
        read_document(tmp_path / "file")


def test_a_file_that_is_not_there_and_bytes_of_something_else(tmp_path: Path):
    with pytest.raises(BenchError, match="no such file") as refused:
        read_document(tmp_path / "none.json")
    assert refused.value.exit_code == ExitCode.UNAVAILABLE
    (tmp_path / "cut.json").write_bytes(gzip.compress(LINES.encode())[:20])
    with pytest.raises(BenchError, match="expected text, plain or gzip"):
        read_document(tmp_path / "cut.json")
