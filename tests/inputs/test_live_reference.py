"""A reference that follows the policy: when it takes the policy's weights in, and what a checkpoint holds of it."""

from __future__ import annotations

import pytest
import torch

from benchbench import inputs, methods
from benchbench.core.input import Moving, Pass
from benchbench.core.method import Head, Need
from benchbench.inputs.live_reference import FollowingReference
from benchbench.models.logps import token_logps
from benchbench.models.policy_head import PolicyHead, PolicyWithHead
from tests.training.toys import batches, examples, frozen, furthest, model, weights

from .stages_of_a_cell import Roles, recipe

EXHIBIT = inputs.get("live_reference")


def test_it_starts_where_the_policy_does():
    assert EXHIBIT.plan(Roles(), Need.LIVE_REFERENCE) == {"anchor_policy": "sft/1"}
    assert EXHIBIT.plan(Roles(has_sft=False), Need.LIVE_REFERENCE) == {}


@pytest.mark.parametrize(
    ("sections", "is_fault"),
    [
        ({"sft": object()}, False),
        ({}, False),
        ({"reference": "base"}, False),
        ({"sft": object(), "reference": "base"}, True),
    ],
)
def test_another_start_is_a_fault(sections: dict, is_fault: bool):
    found = EXHIBIT.faults(recipe(**sections), methods.get("tr_dpo"), Need.LIVE_REFERENCE)
    expected = "preference.reference: expected sft: the reference of 'tr_dpo' starts where the policy starts, got base"
    assert [str(fault) for fault in found] == [expected] * is_fault


def test_the_fault_names_the_reference_that_the_recipe_has():
    found = EXHIBIT.faults(recipe(sft=object(), reference="previous"), methods.get("tr_dpo"), Need.LIVE_REFERENCE)
    assert [str(fault).rsplit(", ", 1)[1] for fault in found] == ["got previous"]


def test_adapters_that_the_base_model_has_not_are_a_fault():
    cell = recipe(reference="base", lora=object())
    found = EXHIBIT.faults(cell, methods.get("tr_dpo"), Need.LIVE_REFERENCE)
    assert [fault.where for fault in found] == ["lora"] and "add an sft section" in str(found[0])


def test_a_policy_with_a_head_is_followed_without_it():
    policy, reference = model(), FollowingReference(frozen(), share=1.0, every=1)
    head = PolicyHead(policy, Head(outputs=lambda hyper: 2, place="tokens"), outputs=2)
    reference.end_step(1, PolicyWithHead(policy, head))
    assert furthest(weights(reference.model), weights(policy)) == 0


def test_after_every_so_many_steps_a_share_of_the_policy_is_mixed_in():
    """Steps 1 and 2 change nothing; step 3 gives 0.25 of the policy and 0.75 of the reference."""
    policy, reference = model(), FollowingReference(frozen(), share=0.25, every=3)
    before, ours = weights(reference.model), weights(policy)
    for step in (1, 2):
        reference.end_step(step, policy)
    assert furthest(weights(reference.model), before) == 0
    reference.end_step(3, policy)
    mixed = {name: 0.25 * ours[name] + 0.75 * before[name] for name in before}
    assert furthest(weights(reference.model), mixed) < 1e-12
    assert not any(weight.requires_grad for weight in reference.model.parameters())


def test_the_hard_update_is_the_policy_itself():
    policy, reference = model(), FollowingReference(frozen(), share=1.0, every=1)
    reference.end_step(1, policy)
    assert furthest(weights(reference.model), weights(policy)) == 0


def test_a_checkpoint_holds_its_weights():
    policy, first = model(), FollowingReference(frozen(), share=0.5, every=1)
    assert isinstance(first, Moving)
    first.end_step(1, policy)
    state = {name: weight.clone() for name, weight in first.state().items()}
    second = FollowingReference(frozen(), share=0.5, every=1)
    assert furthest(weights(second.model), weights(first.model)) > 0
    second.restore(state)
    assert furthest(weights(second.model), weights(first.model)) == 0


def test_a_batch_has_its_log_probabilities_as_it_is_now_without_gradient():
    policy, reference = model(), FollowingReference(frozen(), share=1.0, every=1)
    batch = batches(methods.get("tr_dpo"))(examples(3))
    forward = Pass(batch, None, policy, torch.float64)
    before = EXHIBIT.tensor(reference, forward)
    torch.testing.assert_close(before.token, token_logps(frozen(), batch, dtype=torch.float64).token)
    reference.end_step(1, policy)
    after = EXHIBIT.tensor(reference, forward)
    torch.testing.assert_close(after.token, token_logps(policy, batch, dtype=torch.float64).token.detach())
    assert not after.token.requires_grad
