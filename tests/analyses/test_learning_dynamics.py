"""learning_dynamics: planted separations order the learning speeds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from benchbench.analyses.learning_dynamics import Options, analyse
from benchbench.core.errors import BenchError
from benchbench.core.seeding import stream

DISTANCES = {"b": 1.0, "d": 4.0, "a": 0.5, "c": 2.0}


def statements(distances: dict[str, Any], *, n: int = 40) -> list[dict[str, Any]]:
    """Each behaviour's sides lie apart along an axis of its own."""
    rng, rows = stream(0, "statements"), []
    for axis, (name, distance) in enumerate(distances.items()):
        for agrees in (0, 1):
            for state in rng.normal(size=(n, 8)):
                state[axis] += distance * agrees
                rows.append({"behaviour": name, "agrees": agrees, "embedding": state.tolist()})
    return rows


def test_planted_separations_order_the_speeds_alone_and_together():
    summary, behaviours = analyse({"statements": statements(DISTANCES)}, Options()).tables
    assert [row["behaviour"] for row in behaviours.rows] == ["d", "c", "b", "a"]
    assert summary.rows[0]["tau-b, loss alone"] == 1.0 and summary.rows[0]["tau-b, loss together"] == 1.0
    for column in ("loss alone", "loss together"):
        assert np.all(np.diff([row[column] for row in behaviours.rows]) > 0)
    halves = [row["half at step"] for row in behaviours.rows if not math.isnan(row["half at step"])]
    assert halves == sorted(halves)


def test_every_behaviour_has_a_curve_from_log_two_down():
    analysed = analyse({"statements": statements(DISTANCES)}, Options(steps=5))
    (chart,) = analysed.charts
    assert {line.label for line in chart.lines} == set(DISTANCES)
    assert all(line.y[0] == pytest.approx(math.log(2)) and line.y[-1] < line.y[0] for line in chart.lines)


def test_a_rate_that_is_too_large_is_said():
    notes = analyse({"statements": statements({"a": 0.2})}, Options(rate=1e5, steps=10)).notes
    assert any("a loss rises: a rate of 100000 is too large" in note for note in notes)


def test_one_behaviour_orders_nothing():
    assert math.isnan(
        analyse({"statements": statements({"a": 1.0})}, Options(steps=2)).tables[0].rows[0]["tau-b, loss alone"]
    )


@pytest.mark.parametrize("change", [{"embedding": [1.0]}, {"agrees": 0.5}])
def test_rows_that_are_not_what_is_read_are_refused(change: dict[str, Any]):
    rows = statements({"a": 1.0})
    rows[0] |= change
    with pytest.raises(BenchError, match="expected embeddings of one length, and 0 or 1"):
        analyse({"statements": rows}, Options())


def test_one_side_alone_is_refused():
    rows = [row for row in statements({"a": 1.0}) if row["agrees"]]
    with pytest.raises(BenchError, match="statements: behaviour 'a': expected statements of both sides"):
        analyse({"statements": rows}, Options())
