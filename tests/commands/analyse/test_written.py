"""Files of an analysis: whole, and replaced by the next run."""

from __future__ import annotations

from pathlib import Path

from benchbench.commands.analyse.written import write_analysis
from benchbench.core.analysis import Analysed, ResultTable


def test_files_are_written_and_what_lies_beside_them_stays(tmp_path: Path):
    (tmp_path / "mine.txt").write_text("mine")
    for value in (1, 2):
        analysed = Analysed([ResultTable("summary", "Summary", [{"value": value}])], files={"more.txt": str(value)})
        paths = write_analysis("utility_pairs", "bench analyse utility_pairs", analysed, tmp_path)
        assert [path.name for path in paths] == ["report.md", "summary.csv", "more.txt"]
    assert (tmp_path / "summary.csv").read_text() == "value\n2\n"
    assert (tmp_path / "mine.txt").read_text() == "mine"
