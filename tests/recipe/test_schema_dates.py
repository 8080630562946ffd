"""A date in a recipe: written as YAML writes dates or as text, the same identity; none is no part of it."""

from __future__ import annotations

import pytest
from harness import MICRO

from benchbench.commands.resolve import CHECKS
from benchbench.core.errors import BenchError
from benchbench.recipe import library
from benchbench.recipe.load import load_untuned
from benchbench.recipe.overrides import parse_overrides


def hashed(*sets: str) -> str:
    base = library.find_setting(str(MICRO))
    return load_untuned(base, "dpo", overrides=parse_overrides(sets), checks=CHECKS).recipe_hash


def test_a_date_moves_the_identity_and_no_date_is_no_part_of_it():
    plain = hashed()
    assert hashed("tokenization.template_date=null") == plain
    dated = hashed("tokenization.template_date=2024-07-26")
    assert dated != plain
    assert hashed("tokenization.template_date='2024-07-26'") == dated


def test_what_is_no_date_is_refused():
    with pytest.raises(BenchError, match=r"tokenization\.template_date"):
        hashed("tokenization.template_date=yesterday")
