"""`bench tune`: an equal grid, scored on a validation split."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from harness import MICRO, bench, finish

from benchbench.commands.tune import Tried, Tuned, parse_grid, pick
from benchbench.core.errors import BenchError


def test_a_grid_is_every_combination_with_the_last_key_fastest():
    grid = parse_grid(["a.b=1,2", "c=x,y"])
    assert [[(o.key, o.value) for o in point] for point in grid] == [
        [("a.b", 1), ("c", "x")],
        [("a.b", 1), ("c", "y")],
        [("a.b", 2), ("c", "x")],
        [("a.b", 2), ("c", "y")],
    ]


def test_all_faults_of_a_grid_are_told_at_once():
    with pytest.raises(BenchError, match="2 problems"):
        parse_grid(["a=1", "b"])


def tried(label: str, values: list[list[float]], runs: list[int]) -> Tried:
    return Tried(label, (1, 2, 3), np.array(values), runs)


def picked(*settings: Tried) -> Tuned:
    return pick("dpo", "validation", parse_grid(["a=1,2"]), settings)


def test_three_copies_of_one_run_have_no_standard_error_so_the_maximum_is_chosen():
    one, two = [0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 1.0]
    tuned = picked(tried("a", [one] * 3, [1, 1, 1]), tried("b", [two] * 3, [1, 1, 1]))
    assert [row["chosen"] for row in tuned.rows] == ["", "chosen"]
    assert all(math.isnan(row["se"]) for row in tuned.rows if not row["chosen"])
    assert len(tuned.notes) == 1
    assert tuned.notes[0].startswith("seed variance not estimated (3 seeds are one run: 1, 2, 3)")
    assert tuned.notes[0].endswith("the best of one run of each setting was chosen")


def test_a_setting_that_is_as_good_everywhere_is_chosen_where_it_is_gentler():
    values = [[0.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0], [0.0, 1.0, 0.0, 1.0]]
    tuned = picked(tried("a", values, [1, 2, 3]), tried("b", values, [1, 2, 3]))
    assert [row["chosen"] for row in tuned.rows] == ["chosen", ""]


def test_the_grid_is_scored_on_the_validation_split_and_one_setting_is_chosen(tmp_path: Path):
    for rate in ("1e-4", "1e-2"):  # the stages are those of an ordinary run on the validation split
        sets = [f"preference.learning_rate={rate}", "score.split=validation"]
        assert set(finish(["simpo"], runs=tmp_path / "runs", seeds=(1, 2), sets=sets).values()) == {"done"}
    ended = bench(
        *("tune", "simpo", "--setting", MICRO, "--grid", "preference.learning_rate=1e-4,1e-2", "--seeds", 1, 2),
        *("--runs", tmp_path / "runs", "--json"),
    )
    assert ended.code == 0, ended.err
    assert "finished already" in ended.err
    tuned = ended.json
    assert (tuned["label"], tuned["split"], tuned["seeds"]) == ("simpo", "validation", [1, 2])
    assert [row["preference.learning_rate"] for row in tuned["rows"]] == [1e-4, 1e-2]
    assert [row["chosen"] for row in tuned["rows"]].count("chosen") == 1
    best = max(row["mean"] for row in tuned["rows"])
    for row in tuned["rows"]:
        assert row["mean"] == pytest.approx((row["seed 1"] + row["seed 2"]) / 2)
        assert row["below best"] == pytest.approx(best - row["mean"])
    chosen = next(row for row in tuned["rows"] if row["chosen"])
    good = [row for row in tuned["rows"] if row["mean"] == best or row["below best"] <= row["se"]]
    assert chosen == good[0], "the first of those that are as good as the best within one standard error"
    assert tuned["notes"] == []
    alone = bench(
        *("tune", "simpo", "--setting", MICRO, "--grid", "preference.learning_rate=1e-4,1e-2", "--seeds", 1),
        *("--runs", tmp_path / "runs"),
    )
    assert "so there is no standard error, and the best of one run of each setting was chosen" in alone.out
    kinds = {path.name: len(list(path.iterdir())) for path in (tmp_path / "runs").iterdir()}
    assert kinds["sft"] == 2, "a grid shares the SFT of a seed"
    assert kinds["preference"] == 4
