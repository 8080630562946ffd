"""annotator_population: bias of one reward model for two annotators."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchbench.analyses.annotator_population import Options, analyse
from benchbench.core.errors import BenchError
from benchbench.core.seeding import stream


def outcomes(first: list[float], second: list[float]) -> dict[str, list[dict[str, Any]]]:
    """Weights of outcomes a, b, c, ..."""
    rows = zip("abcdef", first, second, strict=False)
    return {"outcomes": [{"outcome": name, "first": a, "second": b} for name, a, b in rows]}


def test_the_largest_bias_is_the_closed_form_by_hand():
    """Labels prefer b to a in 11/36 where the mixture has 0.1 against 0.45: a bias of log(11/25) + log(4.5)."""
    summary = analyse(outcomes([8, 1, 1], [1, 1, 8]), Options(share=0.5)).tables[0].rows[0]
    assert summary["largest bias"] == pytest.approx(np.log(11 / 25) + np.log(4.5))
    assert summary["for"] in ("b over a", "b over c")


def test_annotators_of_two_outcomes_or_of_one_mind_have_no_bias():
    for given in (outcomes([9, 1], [3, 7]), outcomes([5, 3, 2], [5, 3, 2])):
        summary = analyse(given, Options()).tables[0].rows[0]
        assert summary["total variation"] < 1e-9 and abs(summary["largest bias"]) < 1e-9 and summary["reversed"] == 0


def test_the_closed_form_is_what_simulated_labels_give():
    """Half a million labels of the pair a, b: an annotator by share, then Luce's rule."""
    rng = stream(0, "labels")
    first, second, share = np.array([0.8, 0.1, 0.1]), np.array([0.1, 0.1, 0.8]), 0.3
    is_first = rng.random(500_000) < share
    p = np.where(is_first, first[0] / first[:2].sum(), second[0] / second[:2].sum())
    wins = (rng.random(len(p)) < p).mean()
    mixture = share * first + (1 - share) * second
    simulated = np.log(wins / (1 - wins)) - np.log(mixture[0] / mixture[1])
    table = analyse(outcomes(first.tolist(), second.tolist()), Options(share=share)).tables
    assert [row["population"] for row in table[1].rows] == pytest.approx(mixture)
    expected = np.log((0.3 * 8 / 9 + 0.7 / 2) / (0.3 / 9 + 0.7 / 2)) - np.log(mixture[0] / mixture[1])
    assert simulated == pytest.approx(expected, abs=0.02)


def test_the_built_in_population_has_two_peaks_and_what_is_learnt_has_one():
    rows = analyse({}, Options()).tables[1].rows
    peaks = {
        name: sum(
            rows[k][name] > rows[k - 1][name] and rows[k][name] > rows[k + 1][name] for k in range(1, len(rows) - 1)
        )
        for name in ("population", "learnt")
    }
    assert peaks == {"population": 2, "learnt": 1}
    assert sum(row["learnt"] for row in rows) == pytest.approx(1)


def test_an_outcome_without_weight_is_refused():
    with pytest.raises(BenchError, match="weights above 0"):
        analyse(outcomes([1, 0], [1, 1]), Options())


def test_annotators_who_are_certain_leave_no_finite_reward():
    with pytest.raises(BenchError, match="certain of a pair"):
        analyse({}, Options(outcomes=41, width=0.1))
