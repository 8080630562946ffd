"""A tokenizer and the model that it is planned for."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import MICRO

from benchbench.commands.resolve import resolve
from benchbench.core.errors import BenchError
from benchbench.plan.prepare import prepare
from benchbench.plan.vocabulary import check_rows, model_config, writes_models
from benchbench.recipe.overrides import parse_overrides
from benchbench.store.damage import listening


def loaded(*sets: str):
    return resolve("dpo", setting=str(MICRO), overrides=parse_overrides(sets))


@pytest.mark.parametrize(
    ("config", "fits"),
    [({}, True), ({"vocab_size": 10}, True), ({"vocab_size": 9}, False), ({"text_config": {"vocab_size": 9}}, False)],
)
def test_a_model_needs_a_row_for_every_id_as_far_as_it_says(config, fits):
    if fits:
        check_rows(10, config)
        return
    with pytest.raises(BenchError, match="the tokenizer has 10 entries, the model's vocabulary 9"):
        check_rows(10, config)


def test_the_configuration_is_the_recipes_or_that_of_the_folder(tmp_path: Path):
    assert model_config(loaded(), None)["model_type"] == "gpt_neox"
    assert dict(model_config(resolve("dpo", setting=str(MICRO)), str(tmp_path))) == dict(model_config(loaded(), None))


def test_a_recipe_that_only_scores_writes_no_models():
    nothing = parse_overrides(["sft=null", "reward_model=null"])
    assert writes_models(loaded()) and not writes_models(resolve("sft", setting=str(MICRO), overrides=nothing))


def test_a_vocabulary_of_the_recipe_that_is_too_small_is_reported_in_the_plan(tmp_path: Path):
    with pytest.raises(BenchError, match=r"the tokenizer has \d+ entries, the model's vocabulary 20"):
        prepare(loaded("model.from_config.vocab_size=20"), tmp_path)


def test_a_type_of_model_beside_which_the_tokenizer_would_be_another_is_reported_in_the_plan(tmp_path: Path):
    """Before anything is trained; and again, though the tokenizer is there by then."""
    prepare(loaded(), tmp_path)
    for _ in range(2):
        with pytest.raises(BenchError, match=r"model: beside a model of type qwen2, .*; choose another type"):
            prepare(loaded("model.from_config.model_type=qwen2"), tmp_path)
    prepare(loaded(), tmp_path)


def test_a_trained_tokenizer_that_was_edited_since_is_set_aside_and_trained_again(tmp_path: Path):
    folder = Path(prepare(loaded(), tmp_path).tokenizer_path)
    path = folder / "tokenizer_config.json"
    before = path.read_text(encoding="utf-8")
    path.write_text(before.replace("{", '{"split_special_tokens": true, ', 1))
    lines: list[str] = []
    with listening(lines.append):
        prepare(loaded(), tmp_path)
    (line,) = lines
    assert "expected the tokenizer as it was trained, found other content of tokenizer_config.json" in line
    assert path.read_text(encoding="utf-8") == before
