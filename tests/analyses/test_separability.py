"""separability: equal to scikit-learn on held-out prompts, chance by lot, each data set by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import PredefinedSplit, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchbench.analyses.separability import Options, analyse
from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError
from benchbench.core.seeding import stream


def states(shift: float, n: int = 60, **more: Any) -> list[dict[str, Any]]:
    """Pairs whose chosen states are moved along one of four axes."""
    rng = stream(0, f"states {shift}")
    sides = rng.normal(size=(n, 2, 4)) + np.array([[shift, 0, 0, 0], [0, 0, 0, 0]])
    return [
        {"example": f"e{i:03d}", "candidate": side, "state": sides[i, side].tolist(), **more}
        for i in range(n)
        for side in (0, 1)
    ]


def lines(rows: list[dict[str, Any]], **options: Any) -> dict[str, Row]:
    (table,) = analyse({"states": rows}, Options(**options)).tables
    return {str(row["data"]): row for row in table.rows}


def test_the_accuracy_is_that_of_scikit_learn_on_the_same_folds():
    rows = states(0.8)
    values, sides = np.array([row["state"] for row in rows]), np.array([1 - row["candidate"] for row in rows])
    folds = PredefinedSplit(np.repeat(np.arange(60) % 5, 2))
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    predicted = cross_val_predict(probe, values, sides, cv=folds)
    assert lines(rows, shuffles=1)["all"]["accuracy"] == pytest.approx((predicted == sides).mean())


def test_each_data_set_is_probed_by_itself_and_drawn_sides_are_at_chance():
    found = lines([*states(3.0, data="strong against self"), *states(0.0, data="self against self")])
    far, near = found["strong against self"], found["self against self"]
    assert far["accuracy"] > 0.9 and far["pair accuracy"] > 0.95
    assert abs(near["accuracy"] - 0.5) < 0.15 and abs(far["by lot"] - 0.5) < 0.15
    assert (far["pairs"], far["prompts"]) == (60, 60)


def test_pairs_of_a_prompt_are_one_prompt_and_other_dimensions_are_not_read():
    rows = [row | {"prompt": row["example"][:3], "dimension": "preferred"} for row in states(1.0)]
    other = [row | {"dimension": "length", "label": "1"} for row in rows]
    assert lines([*rows, *other], shuffles=1)["all"]["prompts"] == 6
    with pytest.raises(BenchError, match="expected rows of dimension 'preferred', found none"):
        lines(other)


def test_what_no_probe_could_be_tested_on_is_said():
    analysed = analyse({"states": states(1.0, 3)}, Options(shuffles=1))
    assert any("fewer than 5 prompts" in note for note in analysed.notes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": [1.0]}, "expected vectors of one length"),
        ({"candidate": 1}, "expected each candidate of an example once"),
    ],
)
def test_rows_that_make_no_pairs_are_refused(change: dict[str, Any], said: str):
    rows = states(1.0, 10)
    rows[0] |= change
    with pytest.raises(BenchError, match=said):
        lines(rows)
    with pytest.raises(BenchError, match="expected examples with candidate 0 and another"):
        lines([row for row in states(1.0, 10) if row["candidate"] == 0])
