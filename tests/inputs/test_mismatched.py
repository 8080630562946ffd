"""Mismatched log-ratios as an input: whose weights are in memory, and what a batch has."""

from __future__ import annotations

import pytest
import torch

from benchbench import inputs, methods
from benchbench.core.input import Pass
from benchbench.core.method import Need
from benchbench.models.logps import token_logps
from tests.training.toys import batches, examples, frozen, model

from .stages_of_a_cell import Roles, recipe

EXHIBIT = inputs.get("mismatched")


def test_the_sft_stage_is_read_where_it_is_the_reference():
    assert EXHIBIT.plan(Roles(), Need.MISMATCHED) == {"anchor_policy": "sft/1"}
    assert EXHIBIT.plan(Roles(reference="base"), Need.MISMATCHED) == {}
    assert EXHIBIT.plan(Roles(has_sft=False), Need.MISMATCHED) == {}


@pytest.mark.parametrize(
    ("sections", "is_fault"),
    [
        ({"sft": object()}, False),
        ({"reference": "base"}, False),
        ({}, True),
        ({"sft": object(), "reference": "base"}, False),
        ({"sft": object(), "reference": "base", "from_config": object()}, True),
    ],
)
def test_weights_that_are_drawn_in_every_stage_are_no_anchor_in_memory(sections: dict, is_fault: bool):
    found = EXHIBIT.faults(recipe(**sections), methods.get("kto"), Need.MISMATCHED)
    assert [fault.where for fault in found] == ["preference.reference"] * is_fault
    assert not sections.get("from_config") or "expected sft: 'kto' has its reference in memory" in str(found[0])


def test_a_batch_has_the_log_ratio_of_the_next_examples_response():
    """Each prompt is followed by the responses of the next example, the last one's by those of the first given."""
    policy, anchor, given = model(), frozen(), examples(4, candidates=1)
    kto = methods.get("kto")
    batch = batches(kto)(given, [*given[1:], given[0]])
    found = EXHIBIT.tensor(anchor, Pass(batch, None, policy, torch.float64))
    assert found.shape == (4, 1) and not found.requires_grad
    rows = batch.mismatched
    assert rows is not None
    first, second = given[0].candidates[0], given[1].candidates[0]
    tokens = [*first.tokens[: first.response[0]], *second.tokens[slice(*second.response)]]
    assert rows.tokens[0, 0, : len(tokens)].tolist() == tokens
    expected = (
        token_logps(policy, rows, dtype=torch.float64).sum() - token_logps(anchor, rows, dtype=torch.float64).sum()
    )
    torch.testing.assert_close(found, expected.detach())


def test_a_policy_that_is_its_reference_has_none():
    policy, given = frozen(), examples(3, candidates=1)
    batch = batches(methods.get("kto"))(given, given)
    assert EXHIBIT.tensor(policy, Pass(batch, None, policy, torch.float64)).abs().max() == 0
