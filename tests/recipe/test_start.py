"""The policy that all methods start from is called by what it is: `sft`, or `base` without an SFT stage."""

from __future__ import annotations

import pytest
from harness import MICRO

from benchbench.commands.resolve import CHECKS, resolve
from benchbench.core.errors import BenchError
from benchbench.recipe import library
from benchbench.recipe.load import load_untuned
from benchbench.recipe.overrides import parse_overrides

NULL = ["sft=null", "reward_model=null"]


def test_without_an_sft_stage_the_row_is_the_base_model():
    base = library.open_entry(str(MICRO))
    assert load_untuned(base, "sft", checks=CHECKS).label == "sft"
    assert load_untuned(base, "sft", overrides=parse_overrides(NULL), checks=CHECKS).label == "base"
    assert load_untuned(base, "simpo", overrides=parse_overrides(NULL), checks=CHECKS).label == "simpo"


def test_the_row_is_named_on_a_command_line_as_tables_name_it(write_yaml):
    text = MICRO.read_text(encoding="utf-8")
    stage = text[text.index("sft:\n") : text.index("preference:\n")]
    setting = write_yaml("instruct.yaml", text.replace(stage, "sft: null\n"))
    assert resolve("base", setting=str(setting)).label == resolve("sft", setting=str(setting)).label == "base"
    assert resolve("base", setting=str(MICRO), overrides=parse_overrides(NULL)).label == "base"
    with pytest.raises(BenchError, match=r"^'base': .*'micro' has such a stage, and its row is 'sft'$"):
        resolve("base", setting=str(MICRO))
