"""Model cards: what stands in the text and in the metadata, for policies, adapters and reward models."""

from __future__ import annotations

import math
from dataclasses import replace

from huggingface_hub import ModelCard

from benchbench.comparison.stats.intervals import Interval, undefined_interval
from benchbench.report.card_facts import CardFacts, CardMeasurement, CardRecipe
from benchbench.report.model_card import card_text, model_card

SETTINGS = {
    "method": {"name": "dpo+a1b2c3", "hyper": {"beta": 0.1}},
    "training": {"learning_rate": 5e-7, "warmup_ratio": None},
    "lora": {"lora_r": 8, "lora_target_modules": ["q", "v"]},
    "data": {"split": "train", "hash": "d" * 64},
    "model": {"weights": "w" * 16, "tokenizer": "t" * 16, "from_config": None},
    "order_seed": 42,
}
FACTS = CardFacts(
    title="dpo seed 42",
    key="preference/abc",
    settings=SETTINGS,
    packages={"benchbench": "0.1.0", "torch": "2.13", "peft": "not installed"},
    summary={"steps": 10, "examples": 90, "tokenization": {"dropped": {"longer than max_length": 10}}},
    tokens=12345,
    is_adapter=True,
    start="sft/def",
)
RECIPE = CardRecipe(
    label="dpo",
    setting="pythia",
    notice="",
    paper="Rafailov et al. 2023",
    base="org/base",
    base_revision="c" * 40,
    source="hub",
    options={"dataset_name": "org/pairs", "revision": "e" * 40, "files": "/somebody/s/place/pairs.jsonl"},
    recipe_hash="0123",
    untuned=True,
    command="bench train dpo --seeds 42",
)
INTERVAL = Interval(mean=0.55, low=0.5, high=0.6, se=0.025, df=99, p=0.05, level=0.95, method="Wilson over prompts")


def measured(interval: Interval) -> CardMeasurement:
    return CardMeasurement("pair_accuracy", "logp_mean", "fraction", 100, interval, "test")


def test_a_card_of_a_stage_alone_says_what_was_known():
    card = model_card(FACTS)
    assert card.data.library_name == "peft" and card.data.tags == ["benchbench", "dpo", "lora"]
    assert card.data.base_model is None and card.data.datasets is None and card.data.eval_results is None
    for said in (
        "Adapters (LoRA) alone",
        "`dpo`",
        "`training.learning_rate` | 5e-07",
        "q, v",
        "12,345 tokens",
        "from the policy of `sft/def`",
        "10 longer than max_length",
        "torch 2.13",
        "written when the training ended",
    ):
        assert said in card.text, said
    assert "warmup_ratio" not in card.text and "peft not" not in card.text


def test_a_card_of_an_export_names_base_data_and_measurements_as_the_hub_reads_them():
    facts = replace(FACTS, recipe=RECIPE, measurements=[measured(INTERVAL)], is_adapter=False, is_merged=True)
    card = ModelCard(str(model_card(facts)))
    assert card.data.base_model == "org/base" and card.data.datasets == ["org/pairs"]
    (result,) = card.data.eval_results
    assert (result.metric_type, result.metric_value, result.dataset_type) == ("pair_accuracy", 0.55, "org/pairs")
    assert "[0.5000, 0.6000]" in result.metric_name and result.dataset_split == "test"
    for said in (
        "| pair_accuracy (logp_mean) | 0.5500 | [0.5000, 0.6000] |",
        f"at revision `{'c' * 40}`",
        f"revision {'e' * 40}",
        "Untuned",
        "added to their base in float32",
        "    bench train dpo --seeds 42",
    ):
        assert said in card.text, said
    assert "/somebody" not in str(card) and "pairs.jsonl" in card.text, "of a path its name alone"


def test_what_has_no_interval_says_why():
    undefined = undefined_interval(math.nan, level=0.95, note="no held-out pairs")
    facts = replace(FACTS, recipe=RECIPE, measurements=[measured(undefined)])
    assert "| n/a | n/a |" in card_text(facts) and "no held-out pairs" in card_text(facts)
    assert model_card(facts).data.eval_results is None
    assert "None: not scored." in card_text(replace(FACTS, notes=["None: not scored"]))


def test_a_reward_model_is_no_text_generator():
    facts = replace(FACTS, key="reward_model/abc", settings={"objective": {"name": "bradley_terry"}}, is_adapter=False)
    card = model_card(facts)
    assert card.data.pipeline_tag is None and "bradley_terry" in card.data.tags
    assert "with its head" in card.text and "AutoModelForCausalLM" not in card.text


def test_equal_facts_give_equal_cards():
    assert str(model_card(FACTS)) == str(model_card(replace(FACTS)))
