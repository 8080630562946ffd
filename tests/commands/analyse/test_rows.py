"""Rows of files against what an analysis reads: obeyed, or refused with where and what."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from benchbench.commands.analyse.rows import input_rows
from benchbench.core.analysis import RowField, RowsInput
from benchbench.core.errors import BenchError, ExitCode

WANTED = RowsInput(
    "things",
    "A thing.",
    (
        RowField("name", "label", "Its name."),
        RowField("size", "number", "Its size."),
        RowField("states", "vector", "Its state.", optional=True),
        RowField("parts", "mapping", "Its parts.", optional=True),
        RowField("text", "text", "What it says.", optional=True),
    ),
)
ROWS = [{"name": "a", "size": 1.5}, {"name": "b", "size": 2}]


def written(tmp: Path, name: str) -> Path:
    """The same rows in the form that an ending names."""
    path, lines = tmp / name, "".join(json.dumps(row) + "\n" for row in ROWS)
    if name.endswith(".parquet"):
        pd.DataFrame(ROWS).to_parquet(path)
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(lines.encode()))
    else:
        separator = {".csv": ",", ".tsv": "\t"}.get(path.suffix)
        table = (
            "\n".join(separator.join(row) for row in (["name", "size"], ["a", "1.5"], ["b", "2"], []))
            if separator
            else ""
        )
        path.write_text(table or (json.dumps(ROWS) if name.endswith(".json") else lines))
    return path


@pytest.mark.parametrize("ending", ["jsonl", "json", "jsonl.gz", "parquet", "csv", "tsv"])
def test_the_same_rows_in_every_form(tmp_path: Path, ending: str):
    rows, notes = input_rows(written(tmp_path, f"rows.{ending}"), WANTED)
    assert [(row["name"], row["size"]) for row in rows] == [("a", 1.5), ("b", 2)]
    assert notes == []


def refused(tmp: Path, *rows: object) -> str:
    """What is said of faulty rows."""
    path = tmp / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with pytest.raises(BenchError) as error:
        input_rows(path, WANTED)
    return str(error.value)


def test_every_fault_is_in_one_message_with_its_first_row(tmp_path: Path):
    said = refused(
        tmp_path,
        {"name": 1, "size": 1, "states": [1, "x"], "parts": {"a": None}, "text": 3},
        {"name": True, "size": float("nan")},
        {"name": "c", "size": "4"},
        {"name": "d"},
    )
    assert "rows.jsonl (things): 5 problems" in said
    assert "column 'name': expected a text or a whole number, found True in row 2" in said
    assert "column 'size': expected a finite number, found nan in row 2 (and 2 more rows)" in said
    assert "column 'states': expected a list of finite numbers, found [1, 'x'] in row 1" in said
    assert "column 'parts': expected an object with a finite number under each name" in said
    assert "column 'text': expected a text, found 3 in row 1" in said


def test_a_column_that_is_not_there_is_named_with_the_nearest(tmp_path: Path):
    assert (
        "column 'size': expected a finite number in every row, found no such column. Did you mean 'sizes'?"
        in refused(tmp_path, {"name": "a", "sizes": 1})
    )


def test_columns_that_are_not_read_are_named(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"name": "a", "size": 1, "colour": "red"}) + "\n")
    assert input_rows(path, WANTED)[1] == ["things: columns not read: colour"]


def test_no_rows_no_file_and_ragged_lines_are_refused(tmp_path: Path):
    (tmp_path / "none.jsonl").write_text("")
    with pytest.raises(BenchError, match="expected rows of things, found none"):
        input_rows(tmp_path / "none.jsonl", WANTED)
    for name in ("gone.csv", "gone.jsonl"):
        with pytest.raises(BenchError) as error:
            input_rows(tmp_path / name, WANTED)
        assert error.value.exit_code is ExitCode.UNAVAILABLE
    (tmp_path / "ragged.csv").write_text("name,size\na,1,2\n")
    with pytest.raises(BenchError, match=r"ragged.csv, line 2: expected 2 cells as in the header, found 3"):
        input_rows(tmp_path / "ragged.csv", WANTED)
    (tmp_path / "text.csv").write_text("name,size\na,big\n")
    with pytest.raises(BenchError, match="expected a finite number, found 'big' in row 1"):
        input_rows(tmp_path / "text.csv", WANTED)


def test_nan_in_a_table_is_no_value_where_a_number_may_be_missing(tmp_path: Path):
    path = tmp_path / "t.csv"
    path.write_text("name,size\na,nan\nb,2\n")
    may_be_missing = RowsInput(
        "things", "A thing.", (RowField("size", "number", "Its size.", optional=True),), rest=True
    )
    assert [row["size"] for row in input_rows(path, may_be_missing)[0]] == [None, 2.0]
    with pytest.raises(BenchError, match="expected a finite number, found nan in row 1"):
        input_rows(path, WANTED)
