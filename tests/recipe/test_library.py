"""Recipes are found by their contents, here and among those that came with the package."""

from __future__ import annotations

import os
import shutil

import pytest

import benchbench
from benchbench.commands.resolve import resolve
from benchbench.core.errors import BenchError
from benchbench.recipe import library
from benchbench.recipe.library import shipped_root

from .toys import HEAD, write

SHIPPED = shipped_root()


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A working folder without a checkout."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    """An installed package: recipes inside it, no checkout around it."""
    package = tmp_path / "site-packages" / "benchbench"
    shutil.copytree(SHIPPED, package / "_recipes")
    monkeypatch.setattr(benchbench, "__file__", str(package / "__init__.py"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def test_outside_the_checkout_the_shipped_recipes_are_found(elsewhere):
    assert library.roots() == (SHIPPED,)
    assert library.find_recipe("tiny", "dpo", "default").path == SHIPPED / "dpo_tiny.yaml"
    assert resolve("dpo", setting=None).path == SHIPPED / "dpo_tiny.yaml"


def test_an_installed_package_carries_its_recipes(wheel):
    inside = library.shipped_root()
    assert inside.name == "_recipes" and library.roots() == (inside,)
    assert resolve("simpo", setting="tiny").path == inside / "simpo_tiny.yaml"
    assert library.find_setting("tiny").path == inside / "settings" / "tiny.yaml"


def test_the_path_of_a_shipped_recipe_works_anywhere(wheel):
    assert resolve("recipes/dpo_tiny.yaml", setting=None).path == library.shipped_root() / "dpo_tiny.yaml"
    assert library.existing_path("settings/tiny.yaml") == library.shipped_root() / "settings" / "tiny.yaml"


def test_in_the_checkout_no_recipe_is_found_twice(monkeypatch):
    monkeypatch.chdir(SHIPPED.parent)
    assert len(library.roots()) == 1
    paths = [entry.path.resolve() for entry in library.entries()]
    assert len(paths) == len(set(paths)) > 5


def test_recipes_of_the_working_folder_join_the_shipped_ones(elsewhere):
    write(elsewhere / "recipes", HEAD.replace("dpo", "trpa"))
    assert library.find_recipe("tiny", "trpa", "default").path.name == "toy.yaml"
    assert library.find_recipe("tiny", "dpo", "default").path == SHIPPED / "dpo_tiny.yaml"


def test_a_link_to_the_shipped_recipes_is_not_searched_twice(elsewhere):
    (elsewhere / "recipes").symlink_to(SHIPPED)
    assert len(library.roots()) == 1
    assert library.find_recipe("tiny", "dpo", "default") is not None


def test_a_copy_of_the_shipped_recipes_is_no_second_claim(wheel):
    """An installed `bench` in a clone of the repository sees each recipe twice, with equal contents."""
    shutil.copytree(SHIPPED, wheel / "recipes")
    assert len(library.roots()) == 2
    assert resolve("dpo", setting="tiny").path.parts[0] == "recipes"


def test_a_recipe_that_was_changed_is_a_second_claim(wheel):
    shutil.copytree(SHIPPED, wheel / "recipes")
    mine = wheel / "recipes" / "dpo_tiny.yaml"
    mine.write_text(mine.read_text("utf-8").replace("beta: 0.3", "beta: 0.2"), encoding="utf-8")
    with pytest.raises(BenchError, match="two recipes in setting 'tiny': recipes/dpo_tiny.yaml and .*_recipes/dpo"):
        resolve("dpo", setting="tiny")


def test_two_recipes_that_match_are_both_named(elsewhere):
    for name in ("one.yaml", "two.yaml"):
        write(elsewhere / "recipes", f"# {name}\n" + HEAD.replace("dpo", "fdpo_factual").replace("toy", name), name)
    with pytest.raises(BenchError) as caught:
        library.find_recipe("tiny", "fdpo_factual", "default")
    assert str(caught.value) == (
        "method 'fdpo_factual' (variant 'default') has two recipes in setting 'tiny': recipes/one.yaml and "
        "recipes/two.yaml; "
        "give one of the two paths instead, or another variant name to one of them"
    )


def test_the_path_of_one_of_two_that_match_decides(elsewhere):
    for name in ("one.yaml", "two.yaml"):
        write(elsewhere / "recipes", HEAD.replace("dpo", "fdpo_factual").replace("toy", name), name)
    assert resolve("recipes/two.yaml", setting=None).recipe.name == "two.yaml"


def test_a_setting_claimed_by_two_files_names_both(elsewhere):
    mine = (SHIPPED / "settings" / "tiny.yaml").read_text("utf-8").replace("max_length: 96", "max_length: 64")
    write(elsewhere / "recipes", mine, "mine.yaml")
    with pytest.raises(BenchError, match="setting 'tiny' is claimed by two files, recipes/mine.yaml and .*tiny.yaml"):
        library.find_setting("tiny")


def test_names_of_files_do_not_matter(elsewhere):
    write(elsewhere / "recipes" / "deep" / "down", HEAD.replace("dpo", "tpo_tree"), "simpo_pythia410m_copy.yaml")
    assert resolve("tpo_tree", setting="tiny").recipe.method.name == "tpo_tree"


def test_the_setting_of_another_name_is_not_searched():
    assert library.find_recipe("tiny", "dpo", "other") is None
    assert library.find_recipe("pythia410m_ultrafeedback", "tpo_tree", "default") is None


@pytest.mark.parametrize("name", ["tini", "tiny2"])
def test_an_unknown_setting_suggests_the_nearest(name):
    with pytest.raises(
        BenchError,
        match=rf"^unknown setting '{name}'\. Did you mean 'tiny'\? Known: arithmetic, calculator, codec, contexts, ",
    ):
        library.find_setting(name)


@pytest.mark.parametrize("target", ["nowhere.yaml", "recipes/nowhere.yaml", "some/where"])
def test_a_path_that_is_not_there_is_refused(target):
    with pytest.raises(BenchError) as caught:
        library.open_entry(target)
    assert str(caught.value) == f"{target}: no such file; `bench recipes ls` lists the recipes there are"


def test_a_setting_in_place_of_a_recipe_is_refused():
    with pytest.raises(BenchError) as caught:
        resolve("recipes/settings/tiny.yaml", setting=None)
    path = library.existing_path("recipes/settings/tiny.yaml")
    assert str(caught.value) == (
        f"{path}: this is a setting (it names no method), not a recipe; use `bench compare METHOD ... --setting {path}`"
    )


def test_a_recipe_in_place_of_a_setting_is_refused():
    path = library.existing_path("recipes/dpo_tiny.yaml")
    with pytest.raises(BenchError) as caught:
        resolve("dpo", setting="recipes/dpo_tiny.yaml")
    assert str(caught.value) == (
        f"{path}: this is a recipe (it names method 'dpo'), not a setting; its setting is 'tiny', "
        "and `bench recipes ls` lists all"
    )


def test_a_setting_without_a_name_is_refused(elsewhere):
    path = write(elsewhere, "model: {}\n", "mine.yaml")
    with pytest.raises(BenchError, match=f"^{path}: 1 problem\n  name: required, not given"):
        library.find_setting(str(path))


def test_a_method_without_a_recipe_runs_untuned_and_says_so():
    found = resolve("cal_dpo", setting="pythia410m_ultrafeedback")
    assert found.untuned and found.recipe.method.name == "cal_dpo" and found.path == found.setting_path
    assert not resolve("dpo", setting="tiny").untuned
    assert not resolve("sft", setting="pythia410m_ultrafeedback").untuned


def test_a_file_that_changed_is_read_again(elsewhere):
    path = write(elsewhere / "recipes", HEAD.replace("dpo", "fdpo_factual"))
    assert resolve("fdpo_factual", setting="tiny").recipe.method.hyper == {}
    path.write_text(HEAD.replace("dpo", "fdpo_factual, hyper: {beta: 0.7}"), encoding="utf-8")
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 10**9))
    assert resolve("fdpo_factual", setting="tiny").recipe.method.hyper == {"beta": 0.7}
