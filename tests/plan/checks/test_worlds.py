"""A judge that knows the data's world is told of it what the data's source is told."""

from __future__ import annotations

import pytest

from benchbench.commands.resolve import resolve
from benchbench.core.errors import BenchError, ExitCode
from benchbench.recipe.overrides import parse_overrides
from tests.stages.rounds import drawn

ORACLE = "{name: judge, options: {judge: codec, options: {layers: 1, glitch_rate: 0.02}}}"


def refusal(*sets: str, setting: str = "codec") -> str:
    """What is said of a recipe of the setting with these overrides; exit code 2."""
    with pytest.raises(BenchError) as refused:
        resolve("dpo", setting=setting, overrides=parse_overrides(sets))
    assert refused.value.exit_code is ExitCode.USAGE
    return str(refused.value)


@pytest.mark.parametrize(("option", "other", "usual"), [("layers", "2", "1"), ("glitch_rate", "0.1", "0.02")])
def test_a_judge_of_another_world_than_the_data_is_refused(option: str, other: str, usual: str):
    text = refusal(f"data.options.{option}={other}")
    assert f"judge.options.{option}: expected {other}, as data.options.{option}: judge 'codec'" in text
    assert f"got {usual}" in text


def test_so_is_one_that_an_oracle_asks():
    both = ["data.options.layers=2", "judge.options.layers=2", drawn(oracle=ORACLE)]
    text = refusal(*both)
    assert "rounds.oracle.options.options.layers: expected 2, as data.options.layers: judge 'codec'" in text
    assert "judge.options.layers: " not in text.replace("oracle.options.options.layers", "")


def test_the_same_in_both_is_planned():
    sets = ["data.options.layers=2", "judge.options.layers=2", "data.options.synthetic_glitch_rate=0.3"]
    assert resolve("dpo", setting="codec", overrides=parse_overrides(sets)).recipe.judge is not None


def test_the_taste_of_a_judge_may_be_another_than_that_of_the_data():
    sets = ["judge.name=toy_annotator", "judge.options={length_bias: 0.0}"]
    loaded = resolve("dpo", setting="tiny", overrides=parse_overrides(sets))
    assert loaded.bound["judge.options"]["length_bias"] == 0.0 != loaded.bound["data.options"].length_bias
