"""docs/tuning.md has every value that was tried, and the recipes have the values that were chosen."""

from __future__ import annotations

import math
import re

import pytest

from benchbench.commands.resolve import resolve
from benchbench.recipe import library
from benchbench.store.tuning_logs import read_tuning_log

from .tuning_page import KEY, LOG, tuning_page

ROWS = read_tuning_log(LOG)
CHOSEN = {row["method"]: float(row[KEY]) for row in ROWS if row["chosen"]}


def test_every_value_of_the_log_is_on_the_page_and_one_of_each_method_is_chosen():
    lines = [line for line in tuning_page().splitlines() if line.startswith("| `")]
    cells = [cell for line in lines for cell in line.strip("|").split("|")[1:] if cell.strip()]
    assert len(cells) == len(ROWS)
    assert len(lines) == len({row["method"] for row in ROWS}) == len(CHOSEN)
    assert sum("**" in cell for cell in cells) == len(CHOSEN)


def test_methods_were_tuned_over_equal_grids():
    """Three values each, and at most one more at an edge that was chosen."""
    for method in CHOSEN:
        rates = {float(row[KEY]) for row in ROWS if row["method"] == method}
        assert {1e-4, 2e-4, 4e-4} <= rates, method
        assert len(rates) <= 4, method


@pytest.mark.parametrize("method", sorted(CHOSEN))
def test_a_recipe_has_the_value_that_was_chosen(method: str):
    (path,) = [entry.path for entry in library.entries() if entry.path.name == f"{method}_tiny.yaml"]
    loaded = resolve(str(path), setting=None)
    assert loaded.recipe.preference is not None
    assert math.isclose(loaded.recipe.preference.learning_rate, CHOSEN[method])
    assert not loaded.untuned


def test_the_chosen_value_is_the_smallest_within_one_standard_error_of_the_best():
    for method, chosen in CHOSEN.items():
        grid = [row for row in ROWS if row["method"] == method and not row["diverged"]]
        near = [float(r[KEY]) for r in grid if float(r["below_best"]) <= (float(r["se"]) if r["se"] else 0.0)]
        assert min(near) == chosen, method
        assert re.fullmatch(r"1", grid[0]["rule"])
