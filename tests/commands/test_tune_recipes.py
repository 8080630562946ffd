"""Recipes of what was chosen."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from harness import MICRO

from benchbench.commands.tune.grid import settings_of
from benchbench.commands.tune.recipes import recipe_path, refuse_other_recipes, tuned_text, write_recipes
from benchbench.commands.tune.rule import Tuned
from benchbench.commands.tune.run import MethodGrid, TunedGrids, TuneRequest, plan_grids
from benchbench.core.errors import BenchError
from benchbench.recipe.document import read_document

RATE = "preference.learning_rate"


KTO = """# By hand.
name: kto_tiny
description: KTO on the toy setting, every pair split; not tuned yet.
untuned: true
setting: tiny
method: {name: kto, variant: mine}
data:
  transforms:
    - {name: unpaired_from_pairs, splits: [train]}
preference: {global_batch_size: 32}
"""
DPO = """name: dpo_tiny
description: DPO on the toy setting; learning rate from an equal grid.
setting: tiny
method: {name: dpo, hyper: {beta: 0.3}}
preference: {learning_rate: 7e-4}
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with two recipes."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "kto_tiny.yaml").write_text(KTO, encoding="utf-8")
    (folder / "dpo_tiny.yaml").write_text(DPO, encoding="utf-8")
    return folder


def planned(*targets: object, overrides: tuple[str, ...] = (), setting: object = None) -> list[MethodGrid]:
    request = TuneRequest([str(t) for t in targets], [f"{RATE}=1e-4,2e-4,4e-4"], overrides=overrides)
    return plan_grids(replace(request, setting=None if setting is None else str(setting)))


def chosen(grid: MethodGrid, place: int = 1) -> Tuned:
    return Tuned(grid.loaded.label, "validation", (0, 1), [], chosen=settings_of(grid.axes)[place])


def test_a_base_recipe_keeps_all_but_what_was_tuned_and_says_so_no_more(mine: Path):
    (grid,) = planned(mine / "kto_tiny.yaml")
    assert grid.loaded.untuned
    text = tuned_text(grid, chosen(grid), Path("out"))
    said = (
        "; tuned over preference.learning_rate of 1e-4, 2e-4, 4e-4 on split validation, seeds 0 1, rule 1 (the first "
        "value within one paired standard error of the best)."
    )
    expected = KTO.replace("; not tuned yet.", said).replace("untuned: true\n", "")
    assert text == expected.replace("batch_size: 32}", "batch_size: 32, learning_rate: 2e-4}")


def test_a_method_without_a_recipe_gets_one_with_its_hyper_parameters():
    grid, variant = planned("cpo", "ipo@sum", setting=MICRO)
    text = tuned_text(grid, chosen(grid), Path("out"))
    assert text.startswith("name: cpo_micro\ndescription: cpo (Xu et al. 2024, arXiv:2401.08417")
    assert "\nsetting: micro\nmethod: {name: cpo, hyper: {" in text
    assert text.endswith("\npreference: {learning_rate: 2e-4}\n") and "untuned" not in text
    assert "method: {name: ipo, variant: sum, hyper: {" in tuned_text(variant, chosen(variant), Path("out"))


def test_what_was_tuned_again_says_only_the_last_grid(tmp_path: Path, mine: Path):
    (grid,) = planned(mine / "dpo_tiny.yaml")
    first = tuned_text(replace(grid, added=(grid.axes[0][2],)), chosen(grid), tmp_path)
    assert "description: DPO on the toy setting; tuned over" in first and ", widened once by 4e-4 on split" in first
    assert "learning rate from" not in first


def test_values_of_the_command_line_are_part_of_the_recipe(mine: Path):
    (grid,) = planned(mine / "dpo_tiny.yaml", overrides=("method.hyper.beta=0.7",))
    assert "method: {name: dpo, hyper: {beta: 0.7}}" in tuned_text(grid, chosen(grid), Path("out"))


def test_a_recipe_is_written_over_itself_and_over_what_differs_in_tuned_keys_alone(tmp_path: Path, mine: Path):
    (grid,) = planned(mine / "dpo_tiny.yaml")
    assert recipe_path(mine, grid.loaded) == grid.loaded.path == mine / "dpo_tiny.yaml"
    refuse_other_recipes(mine, [grid])
    path = recipe_path(tmp_path, grid.loaded)
    assert path == tmp_path / "dpo_tiny.yaml"
    done = TunedGrids([grid], [chosen(grid, 2)])
    assert write_recipes(tmp_path, done) == [path]
    assert read_document(path).values["preference"] == {"learning_rate": 4e-4}
    refuse_other_recipes(tmp_path, [grid])
    path.write_text(DPO.replace("beta: 0.3", "beta: 0.4"), encoding="utf-8")
    with pytest.raises(BenchError, match=r"differs from what would be written in method\.hyper\.beta; "):
        refuse_other_recipes(tmp_path, [grid])


@pytest.mark.parametrize("name", ["tuned.yaml", "a_file"])
def test_a_folder_that_looks_like_a_file_or_is_one_is_refused_before_anything_is_trained(tmp_path: Path, name: str):
    (tmp_path / "a_file").write_text("", encoding="utf-8")
    with pytest.raises(BenchError, match="expected a folder for recipes, found the name of a file"):
        refuse_other_recipes(tmp_path / name, [])


def test_nothing_is_written_where_nothing_was_chosen(tmp_path: Path, mine: Path):
    (grid,) = planned(mine / "dpo_tiny.yaml")
    assert write_recipes(tmp_path / "out", TunedGrids([grid], [replace(chosen(grid), chosen=None)])) == []
    assert not (tmp_path / "out").exists()


def test_a_written_recipe_is_read_back_as_what_was_tuned(tmp_path: Path, mine: Path):
    from benchbench.commands.resolve import resolve

    grids = planned(mine / "kto_tiny.yaml", "simper", "ddo_rm@k4")
    for grid, path in zip(grids, write_recipes(tmp_path, TunedGrids(grids, [chosen(g) for g in grids])), strict=True):
        read = resolve(str(path), setting=None)
        (tuned,) = [
            item for item, s in zip(grid.named, grid.settings, strict=True) if math.isclose(float(s[0].value), 2e-4)
        ]
        assert read.label == grid.loaded.label and not read.untuned
        same = read.recipe.model_copy(update={"method": tuned.recipe.method})
        assert replace(tuned, recipe=same).recipe_hash == tuned.recipe_hash
