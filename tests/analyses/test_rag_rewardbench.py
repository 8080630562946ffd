"""rag_rewardbench: a hand-made file with known accuracy by scenario."""

from __future__ import annotations

import math

import pytest

from benchbench.analyses.rag_rewardbench import analyse
from benchbench.core.analysis import NoOptions

ROWS = [
    *({"scenario": "citation", "chosen": c, "rejected": 0.0} for c in (1, 2, -1, 0)),
    *({"scenario": "abstain", "chosen": c, "rejected": 1.0} for c in (0, 2)),
    *({"scenario": "conflict", "chosen": c, "rejected": 0.5} for c in (1, 1, 1, 1)),
]


def test_accuracies_are_those_of_the_file():
    """Citation (1 + 1 + 0 + 1/2) / 4, abstain 1 of 2, conflict all; 7.5 of 10 pairs."""
    (table,) = analyse({"pairs": ROWS}, NoOptions()).tables
    found = {row["scenario"]: row for row in table.rows}
    assert [row["scenario"] for row in table.rows[:3]] == ["abstain", "citation", "conflict"]
    assert [found[name]["accuracy"] for name in ("citation", "abstain", "conflict")] == [0.625, 0.5, 1.0]
    assert found["all pairs"]["accuracy"] == pytest.approx(0.75)
    assert found["mean of scenarios"]["accuracy"] == pytest.approx((0.625 + 0.5 + 1) / 3)
    assert found["citation"]["ties"] == 1 and found["conflict"]["se"] == 0


def test_one_pair_has_no_standard_error():
    analysed = analyse({"pairs": ROWS[:1]}, NoOptions())
    assert math.isnan(analysed.tables[0].rows[0]["se"]) and analysed.notes
