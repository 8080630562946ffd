"""`--grid` of `bench compare`: which rows it makes, and that they are one curve."""

from __future__ import annotations

import pytest
from harness import MICRO, bench

from benchbench.commands.compare.frontier.curves import members_of
from benchbench.commands.compare.frontier.families import families
from benchbench.commands.compare.frontier.known import Known
from benchbench.commands.compare.grids import commands_of, grid_rows
from benchbench.core.errors import BenchError
from benchbench.recipe.overrides import parse_overrides

RATES = "preference.learning_rate=1e-3,2e-3"


def labels(targets: list[str], grid: list[str], *sets: str) -> list[list[str]]:
    rows = grid_rows(targets, grid, setting=str(MICRO), overrides=parse_overrides(sets))
    return [[item.label for item in items] for items in rows.values()]


def test_every_target_is_a_row_for_each_value_and_the_start_is_one_row():
    assert labels(["dpo", "sft", "ipo@sum"], [RATES]) == [
        ["dpo@learning_rate=0.001", "dpo@learning_rate=0.002"],
        ["sft"],
        ["ipo@sum,learning_rate=0.001", "ipo@sum,learning_rate=0.002"],
    ]


def test_an_axis_of_one_target_is_combined_with_those_of_all_or_stands_in_their_place():
    assert labels(["dpo", "ipo"], [RATES, "ipo:method.hyper.beta=1,2"])[1] == [
        "ipo@learning_rate=0.001,beta=1",
        "ipo@learning_rate=0.001,beta=2",
        "ipo@learning_rate=0.002,beta=1",
        "ipo@learning_rate=0.002,beta=2",
    ]
    assert labels(["dpo", "ipo"], [RATES, "ipo:preference.learning_rate=1e-4,2e-4"]) == [
        ["dpo@learning_rate=0.001", "dpo@learning_rate=0.002"],
        ["ipo@learning_rate=0.0001", "ipo@learning_rate=0.0002"],
    ]
    assert labels(["dpo", "ipo"], ["ipo:method.hyper.beta=1,2"])[0] == ["dpo"]


def test_the_rows_of_a_target_are_one_curve_under_its_name():
    rows = grid_rows(["dpo", "ipo"], ["preference.max_steps=2,4"], setting=str(MICRO), overrides=())
    loaded = [item for items in rows.values() for item in items]
    assert families(loaded) == {name: [f"{name}@max_steps={n}" for n in (2, 4)] for name in ("dpo", "ipo")}


def test_of_rows_in_rounds_the_last_policy_is_a_point_of_the_grids_curve():
    rows = grid_rows(["dpo", "ipo"], ["dpo:preference.learning_rate=1e-3,2e-3"], setting=str(MICRO), overrides=())
    loaded = [item for items in rows.values() for item in items]
    policies = {item.label: [f"{item.label} round {n}" for n in (1, 2)] for item in loaded}
    known = Known({}, policies, ("win_rate",), (1,), ("a",), 0, "sft")
    assert members_of(known, loaded) == {
        "dpo": ["dpo@learning_rate=0.001 round 2", "dpo@learning_rate=0.002 round 2"],
        "ipo": ["ipo round 1", "ipo round 2"],
    }


def test_each_row_says_which_command_makes_it():
    sets = ["preference.max_steps=2"]
    rows = grid_rows(["dpo", "sft"], [RATES], setting=str(MICRO), overrides=parse_overrides(sets))
    assert [(item.label, target, texts) for item, target, texts in commands_of(rows, sets)] == [
        ("dpo@learning_rate=0.001", "dpo", [*sets, "preference.learning_rate=0.001"]),
        ("dpo@learning_rate=0.002", "dpo", [*sets, "preference.learning_rate=0.002"]),
        ("sft", "sft", sets),
    ]


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        ("preference.learning_rate=1e-3", "two values or more"),
        ("simpo:method.hyper.beta=1,2", "expected dpo before ':method.hyper.beta', got 'simpo'"),
        ("preference.max_steps=2,4", "preference.max_steps: set by --set, too; keep one"),
        ("method.hyper.tau=1,2", "unknown"),
        (f"{RATES},1e-3", "named twice"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(grid: str, message: str):
    with pytest.raises(BenchError, match=message):
        labels(["dpo"], [grid], "preference.max_steps=2")


def test_a_plan_has_the_cells_of_every_row(tmp_path):
    line = ["compare", "dpo", "--grid", RATES, "--setting", MICRO, "--seeds", 1, "--runs", tmp_path, "--dry-run"]
    ended = bench(*line)
    assert ended.code == 0, ended.err
    assert "dpo@learning_rate=0.002 seed 1" in ended.text and "3 cells" in ended.text
