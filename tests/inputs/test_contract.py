"""Inputs of methods: one file per need, and a new need is one file and its field of `Scores`."""

from __future__ import annotations

import inspect

import pytest
import torch

from benchbench import inputs, methods
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
    tensors = caches(given, method)
    reference = tensors["reference"](batch, torch.float64)
    assert reference.token.shape == batch.tokens.shape and reference.token.dtype == torch.float64
    assert (reference.token[~batch.response] == 0).all()
    assert tensors["reward"](batch, torch.float32).shape == batch.tokens.shape[:2]
    for column in tensors["column"](batch, torch.float64).values():
        assert column.shape[0] == len(given) and column.dtype == torch.float64


def test_needs_carry_options():
    anchor = Need.REFERENCE.with_options(anchor="base")
    assert anchor.option("anchor") == "base" and Need.REFERENCE.option("anchor") == ""
    assert anchor != Need.REFERENCE and anchor.name == "reference"
