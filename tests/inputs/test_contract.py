"""Inputs of methods: one file per need, and a new need is one file and its field of `Scores`."""

from __future__ import annotations

import inspect
from types import SimpleNamespace

import pytest
import torch

from benchbench import inputs, methods
from benchbench.core.input import Pass
from benchbench.core.method import Need
from benchbench.core.scores import Scores
from tests.training.toys import batches, caches, examples


@pytest.fixture(params=inputs.names())
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_the_name_is_the_file_name_and_a_field_of_scores(name: str):
    exhibit = inputs.get(name)
    assert exhibit.name == name
    assert exhibit.tensor.__module__ == f"benchbench.inputs.{name}"
    assert f"_{name}" in Scores.__dataclass_fields__
    assert hasattr(Scores, name), "what a loss reads"
    assert all(inspect.getdoc(part) for part in (exhibit.plan, exhibit.faults, exhibit.load, exhibit.tensor))


def test_every_need_of_a_method_has_its_input():
    for method in map(methods.get, methods.names()):
        assert {need.name for need in method.declared} <= set(inputs.names())


def test_a_tensor_is_on_the_batch_and_in_the_dtype_that_is_asked_for():
    given, method = examples(4), methods.get("gdpo")
    batch = batches(method)(given)
    tensors = {name: bound.tensor for name, bound in caches(given, method).items()}
    forward, single = (Pass(batch, None, None, dtype) for dtype in (torch.float64, torch.float32))
    reference = tensors["reference"](forward)
    assert reference.token.shape == batch.tokens.shape and reference.token.dtype == torch.float64
    assert (reference.token[~batch.response] == 0).all()
    assert tensors["reward"](single).shape == batch.tokens.shape[:2]
    for column in tensors["column"](forward).values():
        assert column.shape[0] == len(given) and column.dtype == torch.float64


def test_needs_carry_options():
    anchor = Need.REFERENCE.with_options(anchor="base")
    assert anchor.option("anchor") == "base" and Need.REFERENCE.option("anchor") == ""
    assert anchor != Need.REFERENCE and anchor.name == "reference"


def test_options_that_nothing_reads_are_refused():
    reference = inputs.get("reference")
    reference.check_options(Need.REFERENCE.with_options(anchor="base"))
    for wrong in ({"anchor": "initial"}, {"ancor": "base"}):
        with pytest.raises(ValueError, match="need 'reference': expected"):
            reference.check_options(Need.REFERENCE.with_options(**wrong))
    with pytest.raises(ValueError, match="need 'behaviour': expected no options, got anchor=base"):
        inputs.get("behaviour").check_options(Need.BEHAVIOUR.with_options(anchor="base"))
    with pytest.raises(ValueError, match="need 'reward': expected missing, got anchor=base"):
        inputs.get("reward").check_options(Need.REWARD.with_options(anchor="base"))


def test_the_anchor_that_a_method_names_is_the_one_that_is_scored():
    """Whatever the recipe's `preference.reference` says; a method without the option takes the recipe's."""

    class Roles:
        """Notes whose log-probabilities were asked for."""

        recipe = SimpleNamespace(preference=SimpleNamespace(reference="sft"))

        def sft(self) -> str:
            return "sft/1"

        def anchor(self, policy: str | None) -> str:
            return f"anchor of {policy}"

    plan = inputs.get("reference").plan
    assert plan(Roles(), Need.REFERENCE) == {"reference": "anchor of sft/1"}
    assert plan(Roles(), Need.REFERENCE.with_options(anchor="base")) == {"reference": "anchor of None"}
