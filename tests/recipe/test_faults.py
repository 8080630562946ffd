"""Faulty recipes, and the one message that says how to mend each."""

from __future__ import annotations

import re

import pytest
from pydantic import ValidationError

from benchbench.core.errors import BenchError
from benchbench.recipe.faults import ALIASES, faults_of, section_keys
from benchbench.recipe.library import shipped_root
from benchbench.recipe.schema import Recipe
from benchbench.recipe.section import Section

from .toys import HEAD, load, write

SETTING = (shipped_root() / "settings" / "tiny.yaml").read_text("utf-8")


def refusal(tmp_path, text, *, sets=()) -> list[str]:
    """The faults of a recipe, one line each, without the title."""
    path = write(tmp_path, text)
    with pytest.raises(BenchError) as caught:
        load(path, sets=sets)
    assert caught.value.status == 2
    title, *lines = str(caught.value).splitlines()
    noun = "problem" if len(lines) == 1 else "problems"
    assert title == f"{path}: {len(lines)} {noun}"
    return [line.removeprefix("  ") for line in lines]


# Unknown keys.


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("lerning_rate", "learning_rate"),
        ("lr", "learning_rate"),
        ("batch_size", "global_batch_size"),
        ("train_batch_size", "global_batch_size"),
        ("gradient_accumulation_steps", "global_batch_size"),
        ("epochs", "num_train_epochs"),
        ("num_epochs", "num_train_epochs"),
        ("scheduler", "lr_scheduler_type"),
        ("grad_clip", "max_grad_norm"),
        ("cutoff_len", "max_length"),
        ("optimizer", "optim"),
        ("fp16", "bf16"),
        ("max_train_steps", "max_steps"),
        ("per_device_train_batchsize", "per_device_train_batch_size"),
        ("loss_type", "method.name"),
        ("beta", "method.hyper.beta"),
        ("seed", "seeds.list"),
        ("lora_r", "lora.lora_r"),
        ("pooling", "reward_model.pooling"),
    ],
)
def test_an_unknown_key_of_a_section_suggests_the_one_that_was_meant(tmp_path, written, meant):
    found = refusal(tmp_path, HEAD + f"preference: {{{written}: 1}}\n")
    assert found == [f"preference.{written}: unknown key; did you mean '{meant}'?"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("refrence", "'preference'"),
        ("sed", "'seeds'"),
        ("seed", "'seeds.list'"),
        ("beta", "'method.hyper.beta'"),
        ("revision", "'model.revision'"),
        ("lora_rank", "'lora.lora_r'"),
        ("lr", "'sft.learning_rate', 'reward_model.learning_rate' or 'preference.learning_rate'"),
        ("learning_rate", "'sft.learning_rate', 'reward_model.learning_rate' or 'preference.learning_rate'"),
        ("center_rewards_coefficient", "'reward_model.center_rewards_coefficient'"),
    ],
)
def test_an_unknown_key_at_the_top_suggests_the_section_it_belongs_to(tmp_path, written, meant):
    assert refusal(tmp_path, HEAD + f"{written}: 1\n") == [f"{written}: unknown key; did you mean {meant}?"]


def test_an_unknown_key_without_near_miss_comes_with_all_known_ones(tmp_path):
    (found,) = refusal(tmp_path, HEAD + "score: {zzz: 1}\n")
    assert found.startswith("score.zzz: unknown key; known here: split, dtype, ")


def test_an_unknown_hyper_parameter_comes_with_those_of_the_method(tmp_path):
    text = "name: toy\nsetting: tiny\nmethod: {name: simpo, hyper: {marign: 1, gamma: 2}}\n"
    assert refusal(tmp_path, text) == [
        "method.hyper.marign: unknown key; did you mean 'margin'?",
        "method.hyper.gamma: unknown key; known here: beta, margin, loss_type, label_smoothing, sft_weight",
    ]


def test_no_key_is_suggested_in_place_of_itself(tmp_path):
    """`beta` is known as another trainer's word for `method.hyper.beta`; the method sft has no hyper-parameters."""
    text = "name: toy\nsetting: tiny\nmethod: {name: sft, hyper: {beta: 0.1}}\n"
    assert refusal(tmp_path, text) == ["method.hyper.beta: unknown key; none is known here"]


def test_an_unknown_option_of_a_source_comes_with_its_own(tmp_path):
    (found,) = refusal(tmp_path, HEAD + "data: {options: {flip_rat: 0.1}}\n")
    assert found == "data.options.flip_rat: unknown key; did you mean 'flip_rate'?"


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_leads_to_a_key_that_exists(alias):
    target = ALIASES[alias]
    free = re.fullmatch(r"(method\.hyper|data\.options)\.\w+", target)
    assert free or any(key == target or key.endswith(f".{target}") for key in section_keys(Recipe)), target


@pytest.mark.parametrize("alias", ALIASES)
def test_no_alias_hides_a_key_of_the_same_name(alias):
    """Where a name is a key of ours it is that key; an alias for it could never be suggested."""
    assert alias not in {key.rsplit(".", 1)[-1] for key in section_keys(Recipe)}


class Item(Section):
    """One of a list."""

    metric: str


class Listed(Section):
    """A section with a list of sections."""

    items: tuple[Item, ...] | None = None


def test_an_unknown_key_in_a_list_of_sections_is_suggested_likewise():
    with pytest.raises(ValidationError) as caught:
        Listed.model_validate_json('{"items": [{"metric": "auc"}, {"metrc": "auc"}]}')
    found = [str(fault) for fault in faults_of(caught.value, model=Listed, prefix="claims")]
    assert found == [
        "claims.items.1.metric: required, not given",
        "claims.items.1.metrc: unknown key; did you mean 'metric'?",
    ]


# Wrong types and values.


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("learning_rate: '5e-7'", "learning_rate: expected a number, got the text '5e-7'; remove the quotes"),
        ("learning_rate: fast", "learning_rate: expected a number, got the text 'fast'"),
        ("learning_rate:", "learning_rate: expected a number, got nothing"),
        ("learning_rate: true", "learning_rate: expected a number, got the truth value True"),
        ("learning_rate: 0", "learning_rate: expected a value greater than 0, got the number 0"),
        ("learning_rate: .inf", "learning_rate: expected a finite number, got the number inf"),
        ("learning_rate: .nan", "learning_rate: expected a finite number, got the number nan"),
        ("learning_rate: [1]", "learning_rate: expected a number, got a list"),
        ("max_steps: '20'", "max_steps: expected a whole number, got the text '20'; remove the quotes"),
        ("max_steps: 20.5", "max_steps: expected a whole number, got the number 20.5"),
        ("bf16: no", "bf16: expected true or false, got the text 'no'"),
        ("bf16: 'true'", "bf16: expected true or false, got the text 'true'; remove the quotes"),
        ("bf16: 1", "bf16: expected true or false, got the number 1"),
        ("split: 3", "split: expected text, got the number 3; put it in quotes"),
        ("split: false", "split: expected text, got the truth value False; put it in quotes"),
        ("split: [train]", "split: expected text, got a list"),
        ("split: ''", "split: expected text that is not empty, got the text ''"),
        ("adam_beta1: 1", "adam_beta1: expected a value less than 1, got the number 1"),
        ("warmup_steps: -1", "warmup_steps: expected a value greater than or equal to 0, got the number -1"),
        ("truncation: lft", "truncation: expected one of right, left, drop, error, got the text 'lft'"),
        ("reward: column", "reward: expected a mapping, got the text 'column'"),
        ("reward: {source: column}", "reward: expected `column` with source: column, and only then"),
        (
            "reward: {source: stage, column: gold}",
            "reward: expected `column` with source: column, and only then",
        ),
    ],
)
def test_a_wrong_value_says_what_was_expected_and_found(tmp_path, written, message):
    assert refusal(tmp_path, HEAD + f"preference:\n  {written}\n") == [f"preference.{message}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seeds: {list: []}", "seeds.list: expected at least 1 item, got 0"),
        ("seeds: {list: 42}", "seeds.list: expected a list, got the number 42"),
        ("seeds: {list: [42, a]}", "seeds.list.1: expected a whole number, got the text 'a'"),
        ("seeds: {list: [a]}", "seeds.list.0: expected a whole number, got the text 'a'"),
        ("seeds: {list: [1, 1]}", "seeds: list: expected distinct seeds, got [1, 1]"),
        ("seeds: {list: [-1]}", "seeds: list: expected seeds >= 0, got [-1]"),
        ("model: {dtype: fp16}", "model.dtype: expected one of float32, bfloat16, got the text 'fp16'"),
        ("model: {from_config: null}", "model: expected exactly one of model_name_or_path and from_config"),
        (
            "preference: {warmup_ratio: 0.1}",
            "preference: expected at most one of warmup_steps and warmup_ratio",
        ),
        (
            "tokenization: {template: {user: hello}}",
            "tokenization.template: user: expected the text '{content}' exactly once, got 'hello'",
        ),
        (
            "model: {from_config: {initializer_range: .inf}}",
            "model.from_config.initializer_range: expected a finite number, got the number inf",
        ),
        ("method: {name: dpo, hyper: {beta: .nan}}", "method.hyper.beta: expected a finite number, got the number nan"),
        (
            "method: {name: dpo, hyper: {beta: '0.1'}}",
            "method.hyper.beta: expected a number, got the text '0.1'; remove the quotes",
        ),
        ("method: {name: dpo, hyper: {beta: -1}}", "method.hyper: beta: expected a finite number above 0, got -1.0"),
        ("method: dpo", "method: expected a mapping, got the text 'dpo'; write {name: dpo}"),
        ("name: null", "name: expected text, got nothing"),
    ],
)
def test_wrong_values_elsewhere(tmp_path, text, message):
    head = "\n".join(line for line in HEAD.splitlines() if line.split(":")[0] != text.split(":")[0])
    assert refusal(tmp_path, f"{head}\n{text}\n") == [message]


def test_a_commit_hash_that_reads_as_a_number_is_to_be_put_in_quotes(tmp_path):
    text = HEAD + "model: {from_config: null, train_tokenizer: null, model_name_or_path: a/b, revision: 3949e12}\n"
    assert refusal(tmp_path, text) == [
        "model.revision: expected text, got the number 3949000000000000.0; put it in quotes"
    ]


# Everything at once, and where it stands.


def test_all_faults_stand_in_one_message_with_their_count(tmp_path):
    """Also those that are found only once the schema is satisfied: hyper-parameters, options, contradictions."""
    text = """
name: toy
setting: tiny
method: {name: simpo, hyper: {marign: 0.3}}
data: {options: {flip_rate: much}}
preference: {lr: 1, max_steps: '3', truncation: lft}
score: {truncation: drop, headline: {metric: acc, scoring: logp_mean}}
unheard: of
"""
    assert sorted(refusal(tmp_path, text)) == sorted(
        [
            "preference.lr: unknown key; did you mean 'learning_rate'?",
            "preference.max_steps: expected a whole number, got the text '3'; remove the quotes",
            "preference.truncation: expected one of right, left, drop, error, got the text 'lft'",
            f"unheard: unknown key; known here: {', '.join(Recipe.model_fields)}",
            "method.hyper.marign: unknown key; did you mean 'margin'?",
            "data.options.flip_rate: expected a number, got the text 'much'",
            "score.truncation: expected right, left or error, got drop; held-out scoring never drops an example",
            *[f for f in refusal(tmp_path, text) if f.startswith("score.headline.metric: unknown metric 'acc'")],
        ]
    )
    assert len(refusal(tmp_path, text)) == 8


def test_a_fault_of_the_setting_names_the_settings_line(tmp_path):
    setting = write(tmp_path, SETTING.replace("max_length: 96", "max_length: '96'"), "mine.yaml")
    line = next(n for n, text in enumerate(setting.read_text().splitlines(), 1) if "max_length: '96'" in text)
    found = refusal(tmp_path, HEAD.replace("tiny", str(setting)))
    assert found == [
        f"tokenization.max_length: expected a whole number, got the text '96'; remove the quotes ({setting}:{line})"
    ]


def test_a_fault_of_an_override_is_marked(tmp_path):
    assert refusal(tmp_path, HEAD, sets=["preference.max_steps=many"]) == [
        "preference.max_steps: expected a whole number, got the text 'many' (--set)"
    ]


def test_a_missing_section_is_named(tmp_path):
    setting = write(tmp_path, "name: bare\nseeds: {list: [1]}\n", "bare.yaml")
    found = refusal(tmp_path, HEAD.replace("tiny", str(setting)))
    assert {f"{key}: required, not given" for key in ("model", "data", "tokenization", "sft", "score")} <= {*found}


# Names of other things.


def test_an_unknown_method_suggests_the_nearest(tmp_path):
    (found,) = refusal(tmp_path, HEAD.replace("dpo", "simp"))
    assert found.startswith("method.name: unknown method 'simp'. Did you mean 'simpo'? Known: ")


def test_an_unknown_source_suggests_the_nearest(tmp_path):
    (found,) = refusal(tmp_path, HEAD + "data: {source: toyy}\n")
    assert found.startswith("data.source: unknown source 'toyy'. Did you mean 'toy'? Known: ")


def test_an_unknown_setting_suggests_the_nearest_under_its_key(tmp_path):
    (found,) = refusal(tmp_path, HEAD.replace("tiny", "tny"))
    assert found.startswith("setting: unknown setting 'tny'. Did you mean 'tiny'? Known: ")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("", "required, not given; expected a setting's name"),
        ("setting: 5", "expected a setting's name, got the number 5"),
    ],
)
def test_a_recipe_names_its_setting(tmp_path, written, found):
    assert refusal(tmp_path, f"name: toy\n{written}\nmethod: {{name: dpo}}\n") == [f"setting: {found}"]


# Contradictions.


def test_a_method_that_needs_rewards_without_a_reward_model_says_both_ways_out(tmp_path):
    found = refusal(tmp_path, HEAD.replace("dpo", "ddo_rm") + "reward_model: null\n")
    assert found == [
        "reward_model: required, not given: method 'ddo_rm' needs rewards; add a reward_model section to the setting, "
        "or name a column of the data with preference.reward: {source: column, column: NAME}"
    ]


def test_rewards_from_a_column_need_no_reward_model(tmp_path):
    text = HEAD.replace("dpo", "ddo_rm") + "reward_model: null\npreference: {reward: {source: column, column: gold}}\n"
    assert load(write(tmp_path, text)).recipe.reward_model is None


def test_a_method_other_than_sft_needs_preference_training(tmp_path):
    assert refusal(tmp_path, HEAD + "preference: null\n") == [
        "preference: required, not given; method 'dpo' trains on preferences"
    ]


def test_an_anchor_that_is_never_trained_is_refused(tmp_path):
    found = refusal(tmp_path, HEAD + "sft: null\nreward_model: null\n")
    assert found == ["preference.reference: expected base, since the recipe has no sft stage, got sft"]


def test_adapters_on_random_weights_are_refused(tmp_path):
    lora = "lora: {lora_r: 8, lora_alpha: 16, lora_dropout: 0.0, lora_target_modules: all-linear}\n"
    (found,) = refusal(tmp_path, HEAD + lora)
    assert found.startswith("lora: adapters need pretrained weights")
