"""Every YAML file that ships loads, binds, and names things that exist."""

from __future__ import annotations

import re

import pytest

from benchbench import methods
from benchbench.core.errors import BenchError
from benchbench.core.method import Candidates, Need
from benchbench.plan.checks.recipe import bind_free_parts
from benchbench.recipe import library
from benchbench.recipe.load import load_untuned

from .toys import load

FILES = sorted(library.shipped_root().rglob("*.yaml"))
RECIPES = [path for path in FILES if path.parent.name != "settings"]
SETTINGS = [path for path in FILES if path.parent.name == "settings"]


def test_the_first_recipes_and_settings_are_there():
    names = {path.stem for path in FILES}
    assert {"tiny", "pythia410m_ultrafeedback", "dpo_tiny", "simpo_tiny", "ddo_rm_tiny", "sft_tiny"} <= names


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_loads_and_binds(path):
    found = load(path)
    assert found.recipe.name == path.stem, "a recipe that is found by contents is still looked for by name"
    assert found.recipe.description.endswith(".") and found.overrides == ()
    hyper = "reward_model.objective.hyper" if found.recipe.is_reward_model else "method.hyper"
    assert {hyper, "data.options"} <= found.bound.keys()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_is_found_by_its_setting_method_and_variant(path):
    found = load(path)
    method = found.recipe.method
    assert library.find_recipe(found.recipe.setting, method.name, method.variant).path.resolve() == path.resolve()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_keeps_to_its_setting(path):
    assert load(path).setting_overrides == ()


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.stem)
@pytest.mark.parametrize("method", methods.names())
def test_a_setting_takes_every_method_that_its_data_can_feed(path, method):
    entry = library.open_entry(str(path))
    if methods.get(method).need(Need.ANCHORS.name):
        with pytest.raises(BenchError, match="preference.anchors"):
            load_untuned(entry, method, checks=(bind_free_parts,))
        return
    of_draws = methods.get(method).half_steps or methods.get(method).need(Need.BEHAVIOUR.name)
    if of_draws or methods.get(method).need(Need.FRESH.name):
        with pytest.raises(BenchError, match="online: required, not given"):
            load_untuned(entry, method, checks=(bind_free_parts,))
        return
    if methods.get(method).on_policy:
        with pytest.raises(BenchError, match="rounds: required, not given"):
            load_untuned(entry, method, checks=(bind_free_parts,))
        return
    found = load_untuned(entry, method, checks=(bind_free_parts,))
    assert found.recipe.setting == entry.setting_name == path.stem
    assert found.untuned == (method != "sft")


@pytest.mark.parametrize("path", SETTINGS, ids=lambda path: path.stem)
def test_a_setting_pins_weights_and_data_by_commit(path):
    recipe = load_untuned(library.open_entry(str(path)), "sft", checks=(bind_free_parts,)).recipe
    pinned = [recipe.model.revision] if recipe.model.model_name_or_path else []
    pinned += [value for key, value in recipe.data.options.items() if key.endswith("revision")]
    assert all(re.fullmatch("[0-9a-f]{40}", value) for value in pinned)


def test_a_method_of_pairs_has_no_recipe_on_a_split_of_many_candidates():
    for path in RECIPES:
        recipe = load(path).recipe
        after = () if recipe.preference is None else recipe.preference.transforms
        paired = any(item.name.startswith("pairs_") for item in (*recipe.data.transforms, *after))
        if recipe.preference is not None and "candidates" in recipe.preference.split and not paired:
            assert methods.get(recipe.method.name).candidates is not Candidates.PAIR
