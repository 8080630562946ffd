"""Which splits a recipe trains on and is measured on, and how each stage reads them."""

from __future__ import annotations

from harness import MICRO

from benchbench.commands.resolve import resolve
from benchbench.plan.tokenization import held_out_reads, trained_reads
from benchbench.recipe.overrides import parse_overrides


def recipe(method: str, *sets: str):
    return resolve(method, setting=str(MICRO), overrides=parse_overrides(sets)).recipe


def test_every_section_that_trains_is_named_with_its_split():
    assert [(read.stage, read.split) for read in trained_reads(recipe("dpo"))] == [
        ("sft", "sft"),
        ("reward_model", "reward"),
        ("preference", "train"),
    ]
    assert [read.stage for read in trained_reads(recipe("sft"))] == ["sft", "reward_model"]
    assert [read.stage for read in trained_reads(recipe("reward_model"))] == ["sft", "reward_model"]
    assert [(read.stage, read.split) for read in held_out_reads(recipe("dpo"))] == [("score", "test")]


def test_a_stage_s_own_limits_take_the_place_of_the_setting_s():
    reads = {read.stage: read.tokenization for read in trained_reads(recipe("dpo", "preference.max_length=77"))}
    assert reads["preference"].max_length == 77 and reads["sft"].max_length == 128
    (score,) = held_out_reads(recipe("dpo", "score.truncation=left"))
    assert (score.tokenization.truncation, score.tokenization.max_length) == ("left", 128)
