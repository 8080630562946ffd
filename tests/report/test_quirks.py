"""The audit of a published comparison, row by row."""

from __future__ import annotations

import math

import pytest

from benchbench.comparison.claims.quirks import PUBLISHED, audit_rows
from benchbench.comparison.pairs.compare import compare
from benchbench.report.quirks import audit_frame, shown_audit
from tests.comparison.rows import toy_cells

HEADLINE = ("pair_accuracy", "logp_mean")


@pytest.fixture(scope="module")
def rows():
    published, matched = (
        compare(toy_cells({"dpo": 0.0, "simpo": effect}), baseline="dpo", metrics=[], rng_seed=0, draws=2)
        for effect in (0.4, 0.1)
    )
    return audit_rows([(PUBLISHED, published), ("preference.learning_rate = 1e-6", matched)])


def test_each_removal_is_compared_with_the_difference_as_published(rows):
    published, removed = [row for row in rows if (row.metric, row.scoring) == HEADLINE]
    assert math.isnan(published.change)
    assert removed.change == pytest.approx(removed.difference - published.difference)
    assert removed.change < 0
    assert "audit: settings differ" in removed.marks and published.marks == ""


def test_a_reader_is_shown_the_headline_alone_and_a_program_everything(rows):
    shown = shown_audit(rows, *HEADLINE)
    assert [row["removed"] for row in shown] == [PUBLISHED, "preference.learning_rate = 1e-6"]
    assert [row["change"] for row in shown][0] == "n/a"
    assert set(shown[0]) == {"removed", "dpo", "simpo", "difference [95%]", "change", "marks"}
    assert len(audit_frame(rows)) == len(rows) > len(shown)
