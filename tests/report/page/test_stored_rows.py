"""Rows that were stored are the rows that were compared."""

from __future__ import annotations

from dataclasses import asdict, replace

from numpy.testing import assert_equal

from benchbench.report.page.stored_rows import headline_rows, stored_rows
from benchbench.store.comparison_folders import ComparisonFolders, read_comparison_folder
from tests.report.page.stored import HEADLINE, about, compared, frames


def test_every_field_of_every_row_comes_back(tmp_path):
    folder = ComparisonFolders(tmp_path).write("a-1", about(), {"comparisons.csv": frames()["comparisons"]})
    back = {(row.metric, row.scoring, row.candidate): row for row in stored_rows(read_comparison_folder(folder))}
    assert len(back) == len(compared())
    for row in compared():
        assert_equal(asdict(back[row.metric, row.scoring, row.candidate]), asdict(replace(row, interval=None)))


def test_rows_stand_as_the_labels_do_with_the_baseline_first():
    from tests.report.page.stored import stored

    assert [row.candidate for row in headline_rows(stored())] == ["dpo", "simpo", "sft"]
    turned = headline_rows(stored(labels=["sft", "simpo", "dpo"]))
    assert [row.candidate for row in turned] == ["dpo", "sft", "simpo"]
    assert {(row.metric, row.scoring) for row in turned} == {HEADLINE}
