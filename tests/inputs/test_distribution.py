"""Quantities of distributions as an input: whose weights are in memory, and what a batch has."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from benchbench import inputs, methods
from benchbench.core.input import Pass
from benchbench.core.method import Need
from benchbench.inputs.distribution import OF_BOTH, OF_THE_POLICY, Distributions
from benchbench.models.logps import response_states
from tests.training.toys import batches, examples, frozen, model

from .stages_of_a_cell import Roles, recipe

EXHIBIT = inputs.get("distribution")


def need(quantity: str) -> Need:
    return Need.DISTRIBUTION.with_options(quantity=quantity)


@pytest.mark.parametrize("quantity", [*OF_THE_POLICY, *OF_BOTH])
def test_the_sft_stage_is_read_where_the_policy_is_compared_with_it(quantity: str):
    compares = quantity in OF_BOTH
    assert EXHIBIT.plan(Roles(), need(quantity)) == ({"anchor_policy": "sft/1"} if compares else {})
    assert EXHIBIT.plan(Roles(reference="base"), need(quantity)) == {}
    assert EXHIBIT.plan(Roles(has_sft=False), need(quantity)) == {}


@pytest.mark.parametrize(
    ("quantity", "sections", "fault"),
    [
        ("reference_first", {"sft": object()}, None),
        ("reference_first", {"reference": "base"}, None),
        ("reference_first", {"sft": object(), "reference": "base"}, None),
        ("entropy", {}, None),
        ("reference_first", {}, "expected base, since the recipe has no sft stage, got sft"),
        ("reference_first", {"sft": object(), "reference": "base", "from_config": object()}, "drawn anew"),
        ("entropy", {"sft": object(), "reference": "base", "from_config": object()}, None),
    ],
)
def test_an_anchor_whose_weights_cannot_be_had_is_a_fault(quantity: str, sections: dict, fault: str | None):
    found = EXHIBIT.faults(recipe(**sections), methods.get("tdpo_token1"), need(quantity))
    assert [fault.where for fault in found] == ([] if fault is None else ["preference.reference"])
    assert fault is None or fault in str(found[0])


def test_a_quantity_that_nobody_computes_is_refused():
    with pytest.raises(ValueError, match="need 'distribution': expected entropy, log_collision, policy_first"):
        EXHIBIT.check_options(need("surprise"))


def test_a_quantity_of_the_policy_loads_no_model():
    loaded = EXHIBIT.load(SimpleNamespace(), need("entropy"))
    assert loaded == Distributions("entropy", None)


@pytest.mark.parametrize("quantity", ["reference_first", "log_collision"])
def test_a_batch_has_what_whole_logits_give(quantity: str):
    """By hand from the logits of both models at the places that predict the response tokens."""
    policy, anchor = model(), frozen()
    batch = batches(methods.get("dpo"))(examples(3))
    states = response_states(policy, batch)
    loaded = Distributions(quantity, anchor if quantity in OF_BOTH else None)
    found = EXHIBIT.tensor(loaded, Pass(batch, states, policy, torch.float64))

    def probabilities(of: torch.nn.Module) -> torch.Tensor:
        logits = of(batch.tokens.flatten(0, 1), attention_mask=batch.attention.flatten(0, 1).long()).logits
        return logits.softmax(dim=-1).roll(1, dims=1).unflatten(0, batch.tokens.shape[:2])  # [B, K, T, V]

    ours, theirs = probabilities(policy), probabilities(anchor)
    expected = {
        "reference_first": (theirs * (theirs / ours).log()).sum(dim=-1),
        "log_collision": (ours**2).sum(dim=-1).log(),
    }[quantity]
    torch.testing.assert_close(found, torch.where(batch.response, expected, 0.0))
    assert found.requires_grad and EXHIBIT.has_gradient
