"""Marks of an unverified form, a twin, an untuned row: beside the row, each with one footnote, wherever it is shown."""

from __future__ import annotations

from dataclasses import replace

from benchbench.comparison.pairs.compare import compare as compare_cells
from benchbench.report.comparison import markdown_table, narrow_layout
from benchbench.report.status import STATUS_NOTES, status_notes
from tests.comparison.rows import toy_cells


def test_a_footnote_comes_once_for_each_mark_that_is_shown():
    assert status_notes(["own training data"]) == ()
    assert status_notes(["twin", "own training data", "twin"]) == (STATUS_NOTES["twin"],)
    assert status_notes(["untuned", "twin", "form unverified"]) == tuple(STATUS_NOTES.values())
    assert "bench tune" in STATUS_NOTES["untuned"]


def test_rows_of_a_comparison_have_the_mark_and_the_footnote():
    cells = [
        replace(each, form=("form unverified", "twin"), untuned=True) if each.label == "simpo" else each
        for each in toy_cells({"dpo": 0.1, "simpo": 0.2}, seeds=(1, 2))
    ]
    rows = compare_cells(cells, baseline="dpo", metrics=["pair_accuracy"], rng_seed=0)
    assert {row.candidate: row.marks for row in rows if row.scoring == "logp_mean"} == {
        "dpo": (),
        "simpo": ("form unverified", "twin", "untuned"),
    }
    layout = narrow_layout(rows, "pair_accuracy", "logp_mean")
    assert set(STATUS_NOTES.values()) <= set(layout.footnotes)
    text = markdown_table(rows, "pair_accuracy", "logp_mean")
    assert text.count(f"- {STATUS_NOTES['form unverified']}") == 1 == text.count(f"- {STATUS_NOTES['untuned']}")
