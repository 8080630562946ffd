"""What every sampler promises, for every sampler found in the room."""

from __future__ import annotations

import dataclasses
import inspect

import pytest

from benchbench import samplers
from benchbench.core.fields import field_docs
from benchbench.core.rollout import DATA
from benchbench.core.sampler import MODELS, Arm
from benchbench.recipe.binding import bind

from .toys import arms


@pytest.fixture(params=samplers.names())
def name(request) -> str:
    return request.param


@pytest.mark.parametrize("num_samples", [2, 4, 6])
def test_the_arms_have_as_many_responses_as_the_recipe_says(name: str, num_samples: int):
    every = arms(name, num_samples)
    drawn = [arm for arm in every if arm.source != DATA]
    assert sum(arm.samples for arm in drawn) == (num_samples if name != "data" else 0)
    assert len({arm.source for arm in every}) == len(every)


def test_the_arms_follow_from_options_and_number_alone(name: str):
    assert arms(name, 4) == arms(name, 4)
    for arm in arms(name, 4):
        assert set(arm.mixture) <= set(MODELS)
        assert arm.source == DATA or sum(arm.mixture.values()) == pytest.approx(1)
        assert all(weight != 0 for weight in arm.mixture.values()), "a model of weight 0 would be held for nothing"


def test_a_sampler_of_several_arms_refuses_too_few_responses(name: str):
    if len(arms(name, 2)) > 1:
        with pytest.raises(ValueError, match=f"num_samples: .*{name}.* got 1"):
            arms(name, 1)
    else:
        assert len(arms(name, 1)) == 1


def test_options_are_frozen_documented_and_bound_as_a_recipe_gives_them(name: str):
    options = samplers.get(name).options
    assert options.__dataclass_params__.frozen
    assert set(field_docs(options)) == {field.name for field in dataclasses.fields(options)}
    bound, faults = bind(options, {}, where="here")
    assert faults == [] and bound == options()


def test_a_sampler_says_what_it_does(name: str):
    assert inspect.getdoc(samplers.get(name).arms)
    assert samplers.get(name).version >= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", 1, {"policy": 0.5}), "weights that sum to 1"),
        (("a", 1, {}), "weights that sum to 1"),
        (("a", 1, {"rival": 1.0}), "models among policy, reference, previous, history, got rival"),
        (("a", 0, {"policy": 1.0}), "at least one response, got 0"),
        (("a", 1, {"history": 1.0}), "a number of rounds for history"),
        (("a", 1, {"policy": 1.0}, 2), "0 elsewhere, got 2"),
        (("data", 1, {"policy": 1.0}), "no model"),
        (("data", -1, {}), "no model and a number of candidates"),
    ],
)
def test_an_arm_that_cannot_be_drawn_is_refused(arguments, message: str):
    with pytest.raises(ValueError, match=message):
        Arm(*arguments)
