"""Where a memory setting is part of a result, and so of an identity."""

from __future__ import annotations

import pytest

from benchbench.commands.check.conditions import known_differences
from benchbench.commands.compare.fairness import differing
from benchbench.core.errors import BenchError
from benchbench.recipe.library import shipped_root
from benchbench.recipe.memory import BATCH, MICROBATCH, TOKENS, moving_keys, scoring_memory, training_memory

from .toys import HEAD, load, write

SFT, REWARD, PREFERENCE = (f"{name}.{MICROBATCH}" for name in ("sft", "reward_model", "preference"))
SCORE = f"score.{BATCH}"


def toy(tmp_path, *sets, text=HEAD, name="toy.yaml"):
    return load(write(tmp_path, text, name), sets=sets)


@pytest.mark.parametrize(
    ("sets", "moving"),
    [
        ((), set()),
        (("sft.disable_dropout=false",), {SFT}),
        (("preference.disable_dropout=false",), {PREFERENCE}),
        (("reward_model.bf16=true",), {REWARD}),
        (("reward_model.head_dtype=bfloat16",), {REWARD, SCORE}),
        (("preference.bf16=true",), {PREFERENCE, SCORE}),  # its reference is scored under autocast
        (("score.dtype=bfloat16",), {SCORE}),
        (("generate.dtype=bfloat16",), {SCORE}),  # both policies' log-probabilities of the responses
        (("model.dtype=bfloat16",), {SFT, REWARD, PREFERENCE, SCORE}),
        (("preference.gradient_checkpointing=true",), set()),
        (("preference.model_columns={x: {value: logp_sum, model: {policy: sft}}}",), set()),
        (("preference.model_columns={x: {value: dropout_rewards}}",), {SCORE}),  # masks are drawn for a batch
    ],
)
def test_a_batch_counts_exactly_where_it_moves_numbers(tmp_path, sets, moving):
    tokens = {f"{key.partition('.')[0]}.{TOKENS}" for key in moving}
    assert set(moving_keys(toy(tmp_path, *sets).values())) == moving | tokens


@pytest.mark.parametrize(
    "override",
    ["sft.disable_dropout=false", "preference.bf16=true", "model.dtype=bfloat16", "score.dtype=bfloat16"],
)
def test_two_batches_are_two_recipes_where_they_move_numbers(tmp_path, override):
    one = toy(tmp_path, override)
    sections = ("sft", "reward_model", "preference", "score")
    for key in (SFT, REWARD, PREFERENCE, SCORE, *(f"{name}.{TOKENS}" for name in sections)):
        other = toy(tmp_path, override, f"{key}=3")
        assert (other.recipe_hash != one.recipe_hash) == (key in moving_keys(one.values())), key


def test_a_setting_fixes_the_batches_of_its_own_precision_alone(tmp_path):
    """A recipe in bfloat16 stays comparable with one that is not: its microbatch is its own, as its precision is."""
    plain, low = toy(tmp_path), toy(tmp_path, "preference.bf16=true")
    assert low.comparability_hash == plain.comparability_hash and low.recipe_hash != plain.recipe_hash
    shared = toy(tmp_path, "score.dtype=bfloat16")
    other = toy(tmp_path, "score.dtype=bfloat16", f"{SCORE}=3")
    assert other.comparability_hash != shared.comparability_hash
    assert differing([shared, other]) == {"dpo": f"{SCORE} is 3, not 128"}


def test_the_precision_is_the_difference_and_not_the_batch_that_it_makes_count(tmp_path):
    plain, low = toy(tmp_path), toy(tmp_path, "score.dtype=bfloat16")
    assert differing([plain, low]) == {"dpo": "score.dtype is bfloat16, not float32"}
    assert low.setting_overrides == ("score.dtype",)


def test_a_run_with_another_batch_than_reported_says_so_where_it_moves_numbers():
    recipe = shipped_root() / "dpo_pythia410m.yaml"
    other = load(recipe, sets=[f"{PREFERENCE}=8", "preference.logging_steps=3"])
    details = [difference.detail for difference in known_differences(other)]
    assert details == [f"{PREFERENCE} was changed by --set"]


def test_a_stage_gets_a_memory_setting_only_where_it_moves_numbers(tmp_path):
    recipe = toy(tmp_path, "preference.bf16=true", f"{PREFERENCE}=5").recipe
    assert training_memory(recipe, "preference") == {MICROBATCH: 5, TOKENS: "auto"}
    assert training_memory(recipe, "sft") == {}
    assert training_memory(recipe.model_copy(update={"reward_model": None}), "reward_model") == {}
    assert scoring_memory(recipe, "float32") == {}
    moved = {BATCH: 128, TOKENS: "auto"}
    assert scoring_memory(recipe, "float32", "bfloat16") == scoring_memory(recipe, "float32", bf16=True) == moved


def test_compiled_layers_count_where_a_microbatch_does(tmp_path):
    compiled = "preference.torch_compile=true"
    assert toy(tmp_path, compiled).recipe_hash == toy(tmp_path).recipe_hash
    low = toy(tmp_path, "preference.bf16=true")
    assert toy(tmp_path, "preference.bf16=true", compiled).recipe_hash != low.recipe_hash
    assert toy(tmp_path, "preference.bf16=true", "preference.torch_compile=false").recipe_hash == low.recipe_hash
    recipe = toy(tmp_path, "preference.bf16=true", compiled).recipe
    assert training_memory(recipe, "preference")["torch_compile"] is True
    assert training_memory(recipe, "sft") == {}


@pytest.mark.parametrize("value", ["0", "-3", "1.5", "lots", "true"])
def test_another_budget_of_tokens_is_one_fault_that_says_what_is_taken(tmp_path, value):
    with pytest.raises(BenchError) as fault:
        toy(tmp_path, f"preference.{TOKENS}={value}")
    assert "1 problem" in str(fault.value) or str(fault.value).count(TOKENS) == 1
    assert f"preference.{TOKENS}: expected a whole number greater than 0, or auto, got" in str(fault.value)


def test_a_budget_of_tokens_is_a_number_or_left_to_the_device(tmp_path):
    assert toy(tmp_path, f"preference.{TOKENS}=300").recipe.preference.tokens_per_microbatch == 300
    assert toy(tmp_path).recipe.preference.tokens_per_microbatch == "auto"
