"""reward_stage."""

from __future__ import annotations

import math

import pytest

from .toys import Model, context, group, labelled


def test_the_reward_of_each_response_and_its_unit():
    model = Model({"a": [1.5], "b": [-0.5]})
    (labels,) = labelled("reward_stage", [group("a", "b")], context(models={"reward_model": model}), tau=2.0)
    assert labels.scores == (1.5, -0.5)
    assert labels.win(0, 1) == pytest.approx(1 / (1 + math.exp(-1)))


def test_a_reward_that_is_no_number_is_no_answer():
    model = Model({"a": [float("nan")], "b": [1.0]})
    (labels,) = labelled("reward_stage", [group("a", "b")], context(models={"reward_model": model}))
    assert labels.scores == (None, 1.0) and labels.answers == 1


def test_the_model_gets_many_groups_at_once():
    model = Model({"a": [1.0]})
    labelled("reward_stage", [group("a", example=f"e{k}") for k in range(130)], context(models={"reward_model": model}))
    assert model.calls == 3
