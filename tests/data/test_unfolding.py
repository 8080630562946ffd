"""A file in gzip that would fill the memory is refused while it is unfolded."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from benchbench.core.errors import BenchError
from benchbench.data import unfolding
from benchbench.data.documents import read_document
from benchbench.data.files import read_rows

BOMB = gzip.compress(b'{"a": "' + b" " * 3_000_000 + b'"}\n')


@pytest.fixture(autouse=True)
def _little(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mebibyte is much here."""
    monkeypatch.setattr(unfolding, "FREE_BYTES", 1 << 20)


@pytest.mark.parametrize("name", ["rows.jsonl.gz", "rows.json.gz"])
def test_rows_that_unfold_without_end_are_refused(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(BOMB)
    with pytest.raises(BenchError, match=rf"{name}: expected a file that unfolds to 1 MiB or less, found a larger one"):
        read_rows(tmp_path / name)


def test_so_are_results_of_other_tools(tmp_path: Path):
    (tmp_path / "results").write_bytes(BOMB)
    with pytest.raises(BenchError, match="results: expected a file that unfolds to 1 MiB or less"):
        read_document(tmp_path / "results")


def test_a_file_may_unfold_to_a_hundred_times_its_size(tmp_path: Path):
    text = bytes(range(256)) * 40
    (tmp_path / "a.gz").write_bytes(gzip.compress(text))
    assert unfolding.unfolded(tmp_path / "a.gz") == text
