"""How much was tried before a row's values were what they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchbench.commands.compare.tuning_budget import LOG, tried_values, tuning_budget
from benchbench.commands.resolve import resolve
from benchbench.commands.tune.recipes import description
from benchbench.commands.tune.rule import Tuned
from benchbench.commands.tune.run import MethodGrid
from benchbench.core.errors import BenchError
from benchbench.recipe.overrides import parse_overrides
from benchbench.store.results import ResultStore
from benchbench.store.tuning_logs import LAST, update_tuning_log


@pytest.mark.parametrize(
    ("text", "tried"),
    [
        ("DPO; tuned over preference.learning_rate of 1e-4, 2e-4, 4e-4 on split validation, seeds 0 1, rule 1 (x).", 3),
        ("DPO; tuned over a.b of 1, 2 and c.d of 5, 6, 7 on split validation, seeds 0, rule 1 (x).", 6),
        ("DPO; tuned over a.b of 1, 2, 4, widened once by 4 on split validation, seeds 0, rule 1 (x).", 3),
        ("DPO; tuned over a.b of 1, 2 and c of 3, 4, widened once by 4 on split v, seeds 0, rule 1 (x).", 4),
        ("DPO; learning rate from the equal grid.", None),
        ("", None),
    ],
)
def test_a_recipe_says_how_many_values_were_tried(text: str, tried: int | None):
    assert tried_values(text) == tried


def test_the_description_that_tuning_writes_is_the_one_that_is_read():
    values = [parse_overrides([f"preference.learning_rate={rate}"])[0] for rate in ("1e-4", "2e-4", "4e-4")]
    grid = MethodGrid("dpo", resolve("dpo", setting="tiny"), (tuple(values),), [], [], added=(values[2],))
    text = description(grid, Tuned("dpo", "validation", (0, 1), []))
    assert "tuned over preference.learning_rate of 1e-4, 2e-4, 4e-4, widened once by 4e-4 on split" in text
    assert tried_values(text) == 3


def test_the_log_of_the_setting_is_asked_first_and_nothing_is_assumed(tmp_path: Path):
    results = ResultStore(tmp_path, "tiny")
    dpo, trpa = resolve("dpo", setting="tiny"), resolve("trpa", setting="tiny")
    assert tuning_budget(dpo, results) == "4 values tried"
    assert tuning_budget(trpa, results) == "untuned"
    row = dict.fromkeys(LAST, "") | {"setting": "tiny", "method": "dpo"}
    rows = [row | {"preference.learning_rate": rate} for rate in (1e-4, 2e-4, 4e-4, 8e-4, 16e-4)]
    update_tuning_log(results.folder / LOG, [*rows, row | {"method": "trpa"}])
    assert tuning_budget(dpo, results) == "5 values tried"
    assert tuning_budget(trpa, results) == "untuned"
    silent = dpo.recipe.model_copy(update={"description": "mine", "setting": "mine"})
    assert tuning_budget(replace(dpo, recipe=silent), results) == "unknown"
    (results.folder / LOG).write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(BenchError, match="expected a log of `bench tune`"):
        tuning_budget(dpo, results)
