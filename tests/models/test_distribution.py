"""Quantities of next-token distributions against their definition on whole logits."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.distributions import Categorical, kl_divergence

from benchbench.models import logps
from benchbench.models.distribution import ALONE, QUANTITIES, distribution_quantity
from benchbench.models.logps import response_states
from tests.training.toys import batches, examples, model


def states(policy, *, packed=True):
    """States of a batch of ten pairs."""
    batch = batches()(examples(10))
    return response_states(policy, batch if packed else replace(batch, packed=None))


def of_whole_logits(name, policy, anchor, batch):
    """[R] by torch's own distributions, from padded rows and all logits."""
    rows, slots = batch.tokens.flatten(0, 1), batch.response.flatten().nonzero().squeeze(1)
    p, q = (Categorical(logits=m(input_ids=rows).logits.flatten(0, 1)[slots - 1]) for m in (policy, anchor))
    mixture = Categorical(probs=(p.probs + q.probs) / 2)
    return {
        "policy_first": lambda: kl_divergence(p, q),
        "reference_first": lambda: kl_divergence(q, p),
        "jensen_shannon": lambda: (kl_divergence(p, mixture) + kl_divergence(q, mixture)) / 2,
        "entropy": lambda: p.entropy(),
        "log_collision": lambda: (p.probs**2).sum(dim=-1).log(),
    }[name]()


@pytest.mark.parametrize("chunk", [7, 2**24])
@pytest.mark.parametrize("name", QUANTITIES)
def test_values_and_gradients_are_those_of_whole_logits(monkeypatch, name, chunk):
    monkeypatch.setitem(logps.CHUNK_ELEMENTS, "cpu", chunk * 40)
    policy, anchor = model(seed=0), model(seed=1)
    ours = states(policy)
    theirs = None if name in ALONE else states(anchor)
    found = distribution_quantity(name, ours, theirs, torch.float64)
    expected = of_whole_logits(name, policy, anchor, ours.batch)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)
    weights = torch.linspace(0, 1, len(found), dtype=torch.float64)
    parameters = list(policy.parameters())
    slopes = [
        torch.autograd.grad((weights * values).sum(), parameters, retain_graph=True) for values in (found, expected)
    ]
    for one, other in zip(*slopes, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-7, atol=1e-10)
    assert all(parameter.grad is None for parameter in anchor.parameters())


def test_a_policy_equal_to_its_anchor_has_no_divergence_and_no_slope():
    policy = model(seed=0)
    ours, theirs = states(policy), states(model(seed=0))
    for name in set(QUANTITIES) - set(ALONE):
        found = distribution_quantity(name, ours, theirs, torch.float64)
        (slope,) = torch.autograd.grad(found.sum(), [next(policy.parameters())], retain_graph=True)
        assert found.abs().max() < 1e-12 and slope.abs().max() < 1e-9


def test_no_more_than_one_chunk_of_logits_is_kept(monkeypatch):
    """What autograd keeps for the backward pass has no tensor as wide as the vocabulary."""
    monkeypatch.setitem(logps.CHUNK_ELEMENTS, "cpu", 5 * 40)
    ours, theirs = states(model(seed=0)), states(model(seed=1))
    kept: list[tuple[int, ...]] = []

    def pack(tensor):
        kept.append(tuple(tensor.shape))
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        distribution_quantity("policy_first", ours, theirs, torch.float64)
    assert kept and not any(shape[-1:] == (40,) and len(shape) == 2 and shape[0] > 5 for shape in kept)
