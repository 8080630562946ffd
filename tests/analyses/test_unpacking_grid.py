"""unpacking_grid: ranges and effects by hand, levels read off overrides."""

from __future__ import annotations

import math
from typing import Any

import pytest

from benchbench.analyses._grids import MetricOptions
from benchbench.analyses.unpacking_grid import AS_IT_IS, analyse, level_of
from benchbench.core.analysis import Row


def run(method: str, value: float, seed: int = 0, **more: Any) -> dict[str, Any]:
    return {"method": method, "value": value, "seed": str(seed), **more}


def tables(rows: list[dict[str, Any]]) -> dict[str, list[Row]]:
    return {table.name: list(table.rows) for table in analyse({"measurements": rows}, MetricOptions()).tables}


def test_ranges_and_effects_by_hand():
    """Data move both algorithms by 0.2 and 0.1; the algorithm moves one by 0.0 and the other by 0.1."""
    rows = [run("dpo", 0.6, data="a"), run("dpo", 0.8, data="b"), run("ppo", 0.7, data="a"), run("ppo", 0.8, data="b")]
    made = tables(rows)
    factors = {line["factor"]: line for line in made["factors"]}
    assert [line["factor"] for line in made["factors"]][:2] == ["data", "algorithm"]
    assert factors["data"]["range"] == pytest.approx(0.15) and factors["data"]["largest"] == pytest.approx(0.2)
    assert factors["algorithm"]["range"] == pytest.approx(0.05) and factors["algorithm"]["groups"] == 2
    assert factors["prompts"]["groups"] == 0 and math.isnan(factors["prompts"]["range"])
    effects = {(line["factor"], line["level"]): line["effect"] for line in made["levels"]}
    assert effects["data", "b"] == pytest.approx(0.075) == -effects["data", "a"]
    assert effects["algorithm", "ppo"] == pytest.approx(0.025)
    assert ("prompts", AS_IT_IS) not in effects and len(made["cells"]) == 4


def test_cells_that_differ_in_two_factors_say_nothing_of_either():
    made = tables([run("dpo", 0.6, data="a"), run("ppo", 0.8, data="b")])
    assert all(line["groups"] == 0 for line in made["factors"]) and made["levels"] == []
    notes = analyse({"measurements": [run("dpo", 0.6)]}, MetricOptions()).notes
    assert sum("no two cells differ in it alone" in note for note in notes) == 4


def test_seeds_of_a_cell_are_averaged():
    (cell,) = tables([run("dpo", 0.6), run("dpo", 0.7, seed=1)])["cells"]
    assert cell["mean"] == pytest.approx(0.65) and cell["runs"] == 2


def test_levels_are_read_off_what_compare_writes():
    overrides = 'data.options.flip_rate=0.2 data.transforms=[{"name": "fraction"}] online.prompts={"split": "x"}'
    levels = level_of({"method": "ppo", "variant": "rm", "overrides": f"{overrides} reward_model.max_steps=20"})
    assert levels == {
        "algorithm": "ppo@rm",
        "data": 'data.options.flip_rate=0.2, data.transforms=[{"name": "fraction"}]',
        "reward model": "reward_model.max_steps=20",
        "prompts": 'online.prompts={"split": "x"}',
    }
    assert set(level_of({"method": "dpo"}).values()) == {"dpo", AS_IT_IS}
