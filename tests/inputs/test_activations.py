"""Activations of the reference as an input."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from benchbench import inputs, methods
from benchbench.core.errors import BenchError
from benchbench.core.input import Pass
from benchbench.core.method import Need
from benchbench.models.activations import layer_activations
from tests.training.toys import batches, examples, frozen

from .stages_of_a_cell import Roles, recipe

EXHIBIT, METHOD = inputs.get("activations"), methods.get("sparse_po_act")


def test_the_reference_is_read():
    assert EXHIBIT.plan(Roles(), Need.ACTIVATIONS) == {"anchor_policy": "sft/1"}
    assert EXHIBIT.plan(Roles(reference="base"), Need.ACTIVATIONS) == {}
    assert [fault.where for fault in EXHIBIT.faults(recipe(), METHOD, Need.ACTIVATIONS)] == ["preference.reference"]


def test_a_batch_has_those_of_every_layer():
    batch = batches(METHOD)(examples(3))
    given = EXHIBIT.tensor(frozen(), Pass(batch, None, None, torch.float64))
    expected = layer_activations(frozen(), batch, torch.float64)
    assert given.keys() == expected.keys() and all(torch.equal(given[name], expected[name]) for name in expected)


def test_a_model_whose_layers_cannot_be_told_is_refused_before_training(monkeypatch: pytest.MonkeyPatch):
    class Strange(nn.Module):
        config = SimpleNamespace(num_hidden_layers=3)

    monkeypatch.setattr("benchbench.stages.frozen.frozen_policy", lambda context, name: Strange())
    context = SimpleNamespace(spec=SimpleNamespace(title="sparse_po_act seed 1"))
    with pytest.raises(BenchError, match="sparse_po_act seed 1: expected a model with its decoder layers in a list"):
        EXHIBIT.load(context, Need.ACTIVATIONS)  # type: ignore[arg-type]
