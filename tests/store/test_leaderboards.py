"""Leaderboards on disk, and the committed page."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from harness import ROOT

from benchbench.core.errors import BenchError
from benchbench.recipe import library
from benchbench.report.leaderboard import BoardRow, document
from benchbench.store.leaderboards import read_leaderboard, write_leaderboard

COMMITTED = ROOT / "results" / "leaderboard"


def test_what_was_written_is_read_back_exactly(tmp_path: Path):
    rows = [{"method": "dpo", "mean": 0.1 + 0.2, "p": math.nan, "n": 3, "mdd": math.inf}]
    table, page = write_leaderboard(tmp_path / "new", "tiny", rows, "# Page\n")
    assert (table.name, page.name, page.read_text(encoding="utf-8")) == ("tiny.csv", "tiny.md", "# Page\n")
    (read,) = read_leaderboard(table)
    assert read == {"method": "dpo", "mean": "0.30000000000000004", "p": "", "n": "3", "mdd": "inf"}
    assert float(read["mean"]) == 0.1 + 0.2


def test_no_file_is_said_with_the_command_that_writes_it(tmp_path: Path):
    with pytest.raises(BenchError, match="bench leaderboard --write"):
        read_leaderboard(tmp_path / "tiny.csv")


@pytest.mark.parametrize("setting", ["tiny"])
def test_the_committed_page_is_what_its_table_gives(setting: str):
    table = COMMITTED / f"{setting}.csv"
    if not table.is_file():
        pytest.skip(f"no leaderboard of {setting} is committed yet")
    rows = [BoardRow.from_texts(record) for record in read_leaderboard(table)]
    notice = str(library.find_setting(setting).values.get("notice", ""))
    written = table.with_suffix(".md").read_text(encoding="utf-8")
    remarks = [line.removeprefix("> ") for line in written.splitlines() if line.startswith("> ")]
    page = document(rows, setting=setting, notice=notice, remarks=remarks)
    assert written == page, "make leaderboard writes both"
