"""freshness_sweep: ages read off recipes and overrides, differences by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchbench.analyses._grids import MetricOptions
from benchbench.analyses.freshness_sweep import age_of, analyse, pushes_down
from benchbench.core.analysis import Row
from benchbench.core.errors import BenchError


def run(method: str, value: float, seed: int = 0, **more: Any) -> dict[str, Any]:
    return {"method": method, "value": value, "seed": str(seed), **more}


def tables(rows: list[dict[str, Any]]) -> dict[str, list[Row]]:
    return {table.name: list(table.rows) for table in analyse({"measurements": rows}, MetricOptions()).tables}


@pytest.mark.parametrize(
    ("recipe", "overrides", "age"),
    [
        ("rloo_tiny", "", 1.0),
        ("rloo_tiny", "online.num_iterations=4", 4.0),
        ("rloo_tiny", "online.num_iterations=2 online.steps_per_generation=3", 6.0),
        ("dpo_tiny", "preference.learning_rate=1e-4", math.inf),
        ("somebodys", "online.steps_per_generation=5", 5.0),
    ],
)
def test_an_age_is_steps_per_draw_times_uses(recipe: str, overrides: str, age: float):
    assert age_of({"recipe": recipe, "overrides": overrides}) == age


def test_methods_that_push_responses_down():
    assert [pushes_down(name) for name in ("dpo", "rloo", "sft", "imitation", "theirs")] == [
        *("yes", "yes", "no", "no", "unknown")
    ]
    assert pushes_down("dpo+0123456789abcdef") == "yes", "whatever its content"


def test_differences_by_hand():
    rows = [
        *(run("rloo", value, seed, recipe="rloo_tiny") for seed, value in enumerate((0.8, 0.9))),
        run("rloo", 0.75, recipe="rloo_tiny", overrides="online.num_iterations=4"),
        run("imitation", 0.6, age=4.0),
        run("dpo", 0.7, recipe="dpo_tiny"),
    ]
    made = tables(rows)
    shown = {(line["method"], line["age"]): line for line in made["ages"] if not math.isnan(line["age"])}
    assert shown["rloo", 1.0]["mean"] == pytest.approx(0.85) and shown["rloo", 1.0]["over freshest"] == 0.0
    assert shown["rloo", 4.0]["over freshest"] == pytest.approx(-0.1)
    (offline,) = [line for line in made["ages"] if math.isnan(line["age"])]
    assert offline["method"] == "dpo"
    push = {line["age"]: line for line in made["push"]}
    assert push[4.0]["down less up"] == pytest.approx(0.15) and math.isnan(push[1.0]["down less up"])
    (chart,) = analyse({"measurements": rows}, MetricOptions()).charts
    assert {line.label: list(line.x) for line in chart.lines} == {"rloo": [1.0, 4.0], "imitation": [4.0]}


def test_an_age_below_one_is_refused():
    with pytest.raises(BenchError, match="expected 1 or more"):
        analyse({"measurements": [run("rloo", 0.5, age=0.0)]}, MetricOptions())
