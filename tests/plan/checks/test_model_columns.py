"""Columns that models make, before anything runs: models that cannot be had, names, and a trial of the transforms."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO

from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.run_plan import RunOptions
from benchbench.core.errors import BenchError

LOGP = "{value: logp_sum, model: {policy: sft}}"


def planned(runs: Path, method: str, *sets: str) -> list[str]:
    """Titles of the stages of a plan."""
    request = CompareRequest([method], str(MICRO), ["1"], overrides=list(sets))
    plan = prepare_comparison(request, RunOptions(runs=runs)).session.plan
    return [spec.title for spec in plan.stages.values()]


def refusal(runs: Path, method: str, columns: str, steps: str = "[]", *sets: str) -> str:
    made = (f"preference.model_columns={{{columns}}}", f"preference.transforms={steps}")
    with pytest.raises(BenchError) as refused:
        planned(runs, method, *made, *sets)
    return " ".join(str(refused.value).split())


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the data that the plans share."""
    return tmp_path_factory.mktemp("runs")


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("{value: logp_sum}", "model: required for value logp_sum, not given"),
        ("{value: reward, model: {policy: sft}}", "model: expected a recipe of a reward model for value reward"),
        ("{value: reward, beta: 0.1}", "beta: read for value implicit_reward alone, got value reward"),
        ("{value: logp_sum, passes: 3, model: {policy: sft}}", "passes: read for value dropout_rewards alone"),
        ("{value: reward, model: {recipe: dpo}}", "expected a recipe whose result is a reward model, got the policy"),
        ("{value: entropy, model: {recipe: reward_model}}", "expected a recipe whose result is a policy, got the"),
        ("{value: reward, model: {recipe: 'reward_model@gmp'}}", "no recipe of 'reward_model@gmp' in setting 'micro'"),
        ("{value: dropout_rewards}", "x.dropout: every dropout probability of the model is 0, so all passes would be"),
        ("{value: surprise, model: {policy: sft}}", "preference.model_columns.x.value"),
    ],
)
def test_a_column_that_cannot_be_made_is_refused(runs: Path, column: str, message: str):
    said = refusal(runs, "dpo", f"x: {column}")
    assert "preference.model_columns.x" in said and message in said


def test_passes_of_an_ensemble_are_refused(runs: Path):
    said = refusal(
        runs, "dpo", "x: {value: dropout_rewards, dropout: 0.1}", "[]", "reward_model.ensemble={size: 2, use: rewards}"
    )
    assert "passes with dropout are of one reward model" in said


def test_a_recipe_without_reward_model_has_no_rewards(runs: Path):
    said = refusal(runs, "dpo", "x: {value: reward}", "[]", "reward_model=null")
    assert "x: value reward is a reward model's, and the recipe trains none" in said


@pytest.mark.parametrize("name", ["gold", "label"])
def test_a_name_that_the_data_has_is_refused(runs: Path, name: str):
    assert f"expected a name that no column has yet, found {name} taken" in refusal(runs, "dpo", f"{name}: {LOGP}")


def test_passes_take_the_names_of_their_columns(runs: Path):
    passes = "x: {value: dropout_rewards, dropout: 0.1, passes: 2}"
    said = refusal(runs, "dpo", f"x_margin_sd: {LOGP}, {passes}")
    assert "preference.model_columns.x: expected a name that no column has yet, found x_margin_sd taken" in said


def test_transforms_without_columns_are_refused(runs: Path):
    said = refusal(runs, "dpo", "", "[{name: quantiles}]")
    assert "transforms: expected model_columns that they read; move them to data.transforms" in said


def test_a_transform_that_reads_another_name_is_refused(runs: Path):
    said = refusal(runs, "odpo", f"total: {LOGP}", "[{name: score_difference, options: {score: totl}}]")
    assert "preference.transforms.0: split 'train': 'score_difference' reads the column 'totl'" in said
    assert "Did you mean 'total'?" in said or "did you mean 'total'?" in said


def test_options_are_bound_with_their_place(runs: Path):
    said = refusal(runs, "odpo", f"total: {LOGP}", "[{name: score_difference, options: {scores: total}}]")
    assert "preference.transforms.0.options.scores" in said


def test_the_method_is_checked_against_what_there_will_be(runs: Path):
    said = refusal(runs, "odpo", f"total: {LOGP}")
    assert "'odpo' reads the column 'score_gap', which split 'train' does not have" in said and "total" in said
    single = refusal(runs, "dpo", f"total: {LOGP}", "[{name: unpaired_from_pairs}]")
    assert "'dpo' takes pairs, split 'train' has 1 candidates" in single


def test_a_plan_has_each_model_once(runs: Path):
    """The policy that is the reference of one column and the model of another is scored once."""
    both = f"a: {LOGP}, b: {{value: implicit_reward, model: {{recipe: dpo}}}}, c: {{value: reward}}"
    titles = planned(runs, "simpo", f"preference.model_columns={{{both}}}")
    assert titles == [
        "sft seed 1",
        "column a seed 1",
        "reference log-probabilities seed 1",
        "dpo seed 1",
        "column b seed 1",
        "reward model seed 1",
        "rewards seed 1 on train",
        "columns a, b, c seed 1 on train",
        "simpo seed 1",
        "score sft seed 1 on test",
        "score simpo seed 1 on test",
        "rewards seed 1 on test",
    ]


def test_weights_of_another_tokenizer_are_refused(runs: Path, tmp_path: Path):
    import json

    from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

    folder = next((runs / "tokenizer").iterdir())
    sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    config = AutoConfig.for_model("gpt_neox", vocab_size=256, **sizes)
    other = tmp_path / "other"
    AutoModelForCausalLM.from_config(config).save_pretrained(other)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    tokenizer.add_tokens(["<|other|>"])
    tokenizer.save_pretrained(other)
    assert json.loads((other / "config.json").read_text())["vocab_size"] == 256
    said = refusal(runs, "dpo", f"x: {{value: logp_sum, model: {{model_name_or_path: {other}}}}}")
    assert "expected the tokenizer of the setting, found another" in said
