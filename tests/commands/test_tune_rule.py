"""The rule that picks from a grid."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench.commands.tune.grid import parse_grid, settings_of
from benchbench.commands.tune.rule import Tried, Tuned, pick


def tried(label: str, values: list[list[float]], runs: list[int]) -> Tried:
    return Tried(label, (1, 2, 3), np.array(values), runs)


def picked(*settings: Tried | None) -> Tuned:
    values = ",".join(map(str, range(1, len(settings) + 1)))
    return pick("dpo", "validation", settings_of(parse_grid([f"a={values}"])), settings, seeds=(1, 2, 3))


def test_three_copies_of_one_run_have_no_standard_error_so_the_maximum_is_chosen():
    one, two = [0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 1.0]
    tuned = picked(tried("a", [one] * 3, [1, 1, 1]), tried("b", [two] * 3, [1, 1, 1]))
    assert [row["chosen"] for row in tuned.rows] == ["", "chosen"]
    assert all(math.isnan(float(str(row["se"]))) for row in tuned.rows if not row["chosen"])
    assert len(tuned.notes) == 1
    assert tuned.notes[0].startswith("seed variance not estimated (3 seeds are one run: 1, 2, 3)")
    assert tuned.notes[0].endswith("the best of one run of each setting was chosen")


MANY = [[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0]]


def test_a_setting_that_is_as_good_everywhere_is_chosen_where_it_is_gentler():
    tuned = picked(tried("a", MANY, [1, 2, 3]), tried("b", MANY, [1, 2, 3]))
    assert [row["chosen"] for row in tuned.rows] == ["chosen", ""]
    assert tuned.chosen is not None and [value.text for value in tuned.chosen] == ["a=1"]


def test_a_setting_that_diverged_is_never_chosen():
    worse = [[value - 1 for value in row] for row in MANY]
    tuned = picked(None, tried("b", worse, [1, 2, 3]), tried("c", MANY, [1, 2, 3]))
    assert [(row["chosen"], row["diverged"]) for row in tuned.rows] == [("", "diverged"), ("", ""), ("chosen", "")]
    assert math.isnan(float(str(tuned.rows[0]["mean"]))) and tuned.rows[1]["below best"] == pytest.approx(1)


def test_nothing_is_chosen_where_every_setting_diverged():
    tuned = picked(None, None)
    assert tuned.chosen is None and [row["chosen"] for row in tuned.rows] == ["", ""]
    assert tuned.notes == ("every setting of the grid diverged, so none was chosen",)


def test_the_least_is_the_best_of_a_metric_that_is_to_be_low():
    more = [[value + 1 for value in row] for row in MANY]
    low, high = (
        Tried(name, (1, 2, 3), np.array(v), [1, 2, 3], higher_is_better=False)
        for name, v in (("low", MANY), ("high", more))
    )
    assert [row["chosen"] for row in picked(high, low).rows] == ["", "chosen"]
    assert picked(high, low).rows[0]["below best"] == pytest.approx(1)
