"""`--set dotted.key=value`."""

from __future__ import annotations

import pytest

from benchbench.core.errors import BenchError
from benchbench.recipe.overrides import Override, parse_overrides

from .toys import HEAD, load, write


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("preference.learning_rate=5e-7", "preference.learning_rate", 5e-7),
        ("preference.bf16=true", "preference.bf16", True),
        ("preference.split=no", "preference.split", "no"),
        ("sft=null", "sft", None),
        ("model.revision='3949e12'", "model.revision", "3949e12"),
        ("seeds.list=[1, 2]", "seeds.list", [1, 2]),
        (
            "preference.reward={source: column, column: gold}",
            "preference.reward",
            {"source": "column", "column": "gold"},
        ),
        ("description=", "description", ""),
        ("description=a=b", "description", "a=b"),
        ("name=2026-01-02", "name", "2026-01-02"),
    ],
)
def test_a_value_is_read_as_yaml_1_2(text, key, value):
    (found,) = parse_overrides([text])
    assert found == Override(key, value) and type(found.value) is type(value)


@pytest.mark.parametrize(
    "text", ["preference.learning_rate", "=3", "a..b=3", "preference learning_rate=3", ".a=3", "3=4"]
)
def test_what_is_no_assignment_is_refused_with_an_example(text):
    with pytest.raises(BenchError) as caught:
        parse_overrides([text])
    assert str(caught.value) == (
        f"command line: 1 problem\n  --set {text}: expected dotted.key=value, for example preference.learning_rate=5e-7"
    )


@pytest.mark.parametrize("value", ["[1", "{a: 1, a: 2}", "'x"])
def test_a_value_that_is_no_yaml_is_refused(value):
    with pytest.raises(BenchError, match="is not valid YAML; put it in quotes"):
        parse_overrides([f"name={value}"])


def test_a_key_set_twice_is_refused_and_all_faults_stand_together():
    with pytest.raises(BenchError) as caught:
        parse_overrides(["a.b=1", "nonsense", "a.b=2"])
    assert str(caught.value).splitlines() == [
        "command line: 2 problems",
        "  --set nonsense: expected dotted.key=value, for example preference.learning_rate=5e-7",
        "  --set a.b=2: 'a.b' is set twice; keep one",
    ]


def test_a_key_set_inside_one_that_is_set_is_refused():
    """Which of the two wins would depend on their order."""
    with pytest.raises(BenchError, match="'preference.reward' and 'preference.reward.source' overlap; keep one"):
        parse_overrides(["preference.reward={source: stage}", "preference.reward.source=stage"])
    with pytest.raises(BenchError, match="'sft.bf16' and 'sft' overlap; keep one"):
        parse_overrides(["sft.bf16=true", "sft=null"])


def test_an_unknown_key_is_refused_with_a_suggestion(tmp_path):
    with pytest.raises(BenchError, match=r"preference.lr: unknown key; did you mean 'learning_rate'\? \(--set\)"):
        load(write(tmp_path, HEAD), sets=["preference.lr=1"])


def test_an_override_lies_over_recipe_and_setting(tmp_path):
    path = write(tmp_path, HEAD + "preference: {learning_rate: 1e-4}\n")
    found = load(path, sets=["preference.learning_rate=2e-4", "preference.warmup_steps=0", "seeds.list=[7]"])
    assert found.recipe.preference.learning_rate == 2e-4 and found.recipe.preference.warmup_steps == 0
    assert found.recipe.seeds.list == (7,)
    assert found.recipe.preference.adam_beta2 == 0.98, "the rest of the section stays"


def test_an_overridden_recipe_is_marked_as_such(tmp_path):
    path = write(tmp_path, HEAD)
    assert load(path).overrides == ()
    found = load(path, sets=["preference.learning_rate=2e-4", "method.hyper.beta=0.3"])
    assert found.overrides == ("preference.learning_rate=0.0002", "method.hyper.beta=0.3")
    assert found.origins["preference.learning_rate"] == found.origins["method.hyper.beta"] == "--set"


@pytest.mark.parametrize(
    "text", ["sft=null", "a=true", "a='3'", "a=some text", "a=[1, x]", "a={b: null}", "a='[1'", "a="]
)
def test_a_mark_can_be_given_again(text):
    (found,) = parse_overrides([text])
    assert parse_overrides([found.text]) == (found,)


def test_a_section_set_as_a_whole_leaves_nothing_of_the_old_one(tmp_path):
    path = write(tmp_path, HEAD + "preference: {reward: {source: column, column: gold}}\n")
    found = load(path, sets=["preference.reward={source: stage}"])
    assert found.recipe.preference.reward.column is None
    assert found.origins["preference.reward"] == found.origins["preference.reward.source"] == "--set"
    assert "preference.reward.column" not in found.origins
