"""Tables of anybody, as `bench analyse` and `bench compare --from` read them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.data.csv_text import csv_rows, table_text
from benchbench.data.documents import read_document


def test_rows_have_the_line_they_begin_in():
    assert csv_rows('a,b\n"1\n2",3\n\n4,5', "t") == [(1, ["a", "b"]), (2, ["1\n2", "3"]), (4, []), (5, ["4", "5"])]
    assert csv_rows('a\t"b\n', "t", delimiter="\t", quoted=False) == [(1, ["a", '"b'])]


def test_a_cell_without_end_is_refused_with_its_line(tmp_path: Path):
    text = 'a,b\n1,2\n"' + "x" * 200_000
    with pytest.raises(BenchError, match=r"^t, line 3: cannot be cut into cells .*; look for a stray quote$"):
        csv_rows(text, "t")
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    with pytest.raises(BenchError, match=r"t\.csv, line 3: cannot be cut into cells"):
        read_document(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b",,,\n" * 3, "expected every column once"),
        (b'""\n""', "expected JSON, JSON lines, CSV with a header, or Parquet"),
        (
            (",".join("c" * 3 for _ in range(20_000)) + "\n").encode() * 2,
            "expected every column once, found twice: ccc",
        ),
        ('{"a": ' * 500 + "1", "found no JSON (Expecting"),
        ("[" * 900 + "]" * 900, "values nested too deep"),
        (f"[{'9' * 5000}]", "a number of too many digits"),
        ("a,b\n1,2\n".encode("utf-16"), "expected text, plain or gzip"),
    ],
)
def test_a_document_that_is_none(tmp_path: Path, content: bytes | str, said: str):
    (tmp_path / "d").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BenchError) as refusal:
        read_document(tmp_path / "d")
    assert said in str(refusal.value) and len(str(refusal.value)) < 500


@pytest.mark.parametrize("kind", ["pipe", "zeros", "link", "utf16"])
def test_a_table_that_is_no_text_is_refused_and_not_waited_for(tmp_path: Path, kind: str):
    path = tmp_path / "t.csv"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "utf16":
        path.write_bytes("a,b\n1,2\n".encode("utf-16"))
    else:
        path.symlink_to({"zeros": "/dev/zero", "link": "nowhere"}[kind])
    for read in (table_text, read_document):
        with pytest.raises(BenchError, match=r"t\.csv: "):
            read(path)
