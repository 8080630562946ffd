"""What is said of the data before anything runs."""

from __future__ import annotations

from benchbench.commands.data_view import data_lines
from benchbench.data.audit import audit
from benchbench.data.splits import load_rows
from benchbench.store.prepared import PreparedData


def test_columns_that_are_not_read_and_names_that_are_ours_are_told(tmp_path):
    row = {"instruction": "q", "chosen": "a", "rejected": "b", "source": "web", "model": "m"}
    loaded = load_rows({"train": [row, row]}, where={"train": "here"}, rename={}, columns=(), limit={})
    report = audit(loaded.splits, loaded.readings).as_json()
    (line,) = data_lines(PreparedData(tmp_path, {}, report, {}, {}), ["train"])
    assert line.startswith("data, train: 2 examples of 2 rows")
    assert "2 'instruction' read as prompt" in line and line.endswith("columns not read: model source")
