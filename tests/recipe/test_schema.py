"""The schema itself: nothing is accepted and ignored, everything is explained."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from pydantic import ValidationError

import benchbench
from benchbench import methods, sources
from benchbench.recipe import training
from benchbench.recipe.schema import ANNOTATIONS, SETTING_KEYS, Recipe
from benchbench.recipe.section import Section
from benchbench.recipe.training import RUN_KEYS

PACKAGE = Path(benchbench.__file__).parent
MODULES = {f"benchbench.recipe.{path.stem}" for path in (PACKAGE / "recipe").glob("*.py")} - {
    "benchbench.recipe.binding"
}
"""Where sections are written down; those that binding makes are the exhibits' own."""


def sections(root: type[Section] = Section) -> list[type[Section]]:
    """Every section of the schema."""
    found = [c for c in root.__subclasses__() if c.__module__ in MODULES]
    return found + [inner for section in found for inner in sections(section)]


FIELDS = sorted({(section.__name__, name) for section in sections() for name in section.model_fields})

ONE_CHOICE = {"optim": "AdamW is the only one and the loop always takes it; a second must find its reader here"}
"""Fields that nothing needs to read, with the reason."""

FREE_OF_EXPLANATION = {
    "weight_decay",
    "adam_beta1",
    "adam_beta2",
    "adam_epsilon",
    "optim",
    "lora_r",
    "lora_alpha",
    "lora_dropout",
    "lora_target_modules",
}
"""Names that mean what they mean at Hugging Face, and have one meaning there."""


def words(path: Path) -> set[str]:
    """Attribute names, keyword arguments and short texts of a module: how a field can be read."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def is_section(annotation) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


@pytest.fixture(scope="module")
def read_outside():
    """All such words of the package, the recipe workshop left out."""
    modules = [path for path in PACKAGE.rglob("*.py") if path.parent.name != "recipe"]
    return set().union(*(words(path) for path in modules))


def test_no_field_is_accepted_and_ignored(read_outside):
    unread = [f"{section}.{name}" for section, name in FIELDS if name not in read_outside | ONE_CHOICE.keys()]
    assert unread == [], "these fields of a recipe reach nothing"


def test_a_field_that_nothing_reads_leaves_no_choice():
    for section in sections():
        for name in ONE_CHOICE.keys() & section.model_fields.keys():
            assert len(get_args(section.model_fields[name].annotation)) == 1


def test_the_search_would_find_a_field_that_nothing_reads(read_outside):
    assert "adam_beta3" not in read_outside and "learning_rate" in read_outside


def test_every_field_and_section_is_explained():
    """By the string below the field; by the section's own where a field is one; or by Hugging Face."""
    unexplained = [
        f"{section.__name__}.{name}"
        for section in sections()
        for name, field in section.model_fields.items()
        if not field.description and name not in FREE_OF_EXPLANATION and not is_section(field.annotation)
    ]
    assert unexplained == []
    assert all(section.__doc__ and section.__doc__.strip().splitlines()[0].endswith(".") for section in sections())


def test_explanations_are_sentences():
    for section in sections():
        for name, field in section.model_fields.items():
            assert field.description is None or field.description.rstrip().endswith("."), f"{section.__name__}.{name}"


@pytest.mark.parametrize("section", sections(), ids=lambda section: section.__name__)
def test_a_section_is_strict_and_frozen(section):
    assert section.model_config["extra"] == "forbid"
    assert section.model_config["strict"] and section.model_config["frozen"]


def test_a_loaded_value_never_changes():
    reward = training.RewardSource(source="stage")
    with pytest.raises(ValidationError, match="frozen"):
        reward.source = "column"


def test_run_keys_are_fields_and_say_that_they_are_no_part_of_the_result():
    fields = {name for section in sections() for name in section.model_fields}
    assert set(RUN_KEYS) <= fields


def test_no_setting_of_the_run_has_the_name_of_something_that_reaches_numbers():
    """Run keys are left out of hashes wherever they stand, so no source or method may use such a name."""
    exhibits = [methods.get(name).hyper for name in methods.names()]
    exhibits += [sources.get(name).options for name in sources.names()]
    for options in exhibits:
        assert not {field.name for field in fields(options)} & set(RUN_KEYS)


def test_the_parts_of_a_recipe_are_either_fixed_by_the_setting_or_the_recipes_own():
    own = {"setting", "method", "seeds", "preference", "rounds", "online"}
    assert own | {*ANNOTATIONS} | {key.split(".")[0] for key in SETTING_KEYS} == set(Recipe.model_fields)
