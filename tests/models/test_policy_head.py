"""A head beside a policy: shapes, what it reads, where its gradient goes."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.method import Head
from benchbench.models.logps import response_states
from benchbench.models.policy_head import PolicyHead, PolicyWithHead
from tests.training.toys import batches, examples, frozen, model


def made(**changes):
    """A head of three outputs, the policy, and states of four pairs."""
    spec = Head(**({"outputs": lambda hyper: 3, "place": "tokens"} | changes))
    policy = model()
    head = PolicyHead(policy, spec, outputs=3, reference=frozen()).double()
    return head, policy, response_states(policy, batches()(examples(4)))


def test_of_tokens_it_is_zero_off_the_response_and_of_responses_it_is_that_of_the_last_token():
    head, _, states = made()
    of_tokens, response = head(states), states.batch.response
    assert of_tokens.shape == (*response.shape, 3) and of_tokens[~response].abs().max() == 0
    by_hand = head.linear(states.values)
    assert torch.equal(of_tokens[response], by_hand)
    head._spec = Head(outputs=lambda hyper: 3, place="response")
    of_responses = head(states)
    assert of_responses.shape == (4, 2, 3)
    last = [row.nonzero().max() for row in response.flatten(0, 1)]
    expected = torch.stack([row[place] for row, place in zip(of_tokens.flatten(0, 1), last, strict=True)])
    assert torch.equal(of_responses.flatten(0, 1), expected)


@pytest.mark.parametrize(
    ("changes", "reaches"), [({}, True), ({"through": False}, False), ({"reads": "reference"}, False)]
)
def test_its_gradient_reaches_the_policy_where_it_may(changes, reaches):
    head, policy, states = made(**changes)
    head(states).square().sum().backward()
    assert head.linear.weight.grad is not None and head.linear.weight.grad.abs().max() > 0
    assert any(parameter.grad is not None for parameter in policy.parameters()) is reaches


def test_the_two_are_one_module_and_the_reference_is_none_of_it():
    head, policy, _ = made(reads="reference")
    names = {name.partition(".")[0] for name, _ in PolicyWithHead(policy, head).named_parameters()}
    assert names == {"backbone", "head"}
    assert {name for name, _ in head.named_parameters()} == {"linear.weight", "linear.bias"}


def test_a_model_that_gives_logits_alone_is_refused():
    from dataclasses import replace

    head, _, states = made()
    with pytest.raises(ValueError, match="logits alone"):
        head(replace(states, head=None))
