"""Relative PO."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.contract.scores import taken
from benchbench.core.scores import Logps, Scores
from benchbench.methods.relative_po import METHOD, Hyper, loss, weights

from .toys import random_logps

DPO = methods.get("dpo")


def of_ratios(*pairs, embedding):
    """Pairs of one token each with these log-ratios of chosen and rejected to the reference."""
    token = torch.tensor(pairs, dtype=torch.float64)[..., None]
    response = torch.ones_like(token, dtype=torch.bool)
    vectors = torch.tensor(embedding, dtype=torch.float64)
    return Scores(Logps(token, response), Logps(torch.zeros_like(token), response), _prompt_embedding=vectors)


def softplus(value):
    """-log sigmoid(-value)."""
    return math.log1p(math.exp(value))


def test_by_hand():
    """Prompts at a distance of 1 and a temperature of 1 / log 3: 3/4 for the own pair, 1/4 for the other.

    Chosen 4 and 0 against rejected 0 and 8.
    """
    scores = of_ratios((4.0, 0.0), (0.0, 8.0), embedding=[[2.0, 0.0], [0.0, 5.0]])
    expected = [(softplus(-3.0) + softplus(1.0)) / 2, (softplus(0.0) + softplus(6.0)) / 2]
    assert loss(scores, Hyper(beta=1.0, distance_temperature=1 / math.log(3))).tolist() == pytest.approx(expected)


def test_a_weight_does_not_depend_on_the_length_of_a_vector_and_rows_add_up_to_one():
    vectors = torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = weights(vectors, Hyper())
    torch.testing.assert_close(found, weights(vectors * torch.arange(1.0, 6.0)[:, None], Hyper()))
    torch.testing.assert_close(found.sum(dim=-1), torch.ones(5, dtype=torch.float64))
    assert (found.diag() == found.max(dim=-1).values).all()


def test_a_step_of_one_pair_is_dpo():
    scores = taken(replace(Scores(random_logps(1), random_logps(2)), _prompt_embedding=torch.ones(5, 2)), slice(0, 1))
    torch.testing.assert_close(loss(scores, Hyper(beta=0.1)), DPO.loss(scores, DPO.hyper(beta=0.1)))
    assert METHOD.coupled and METHOD.least_examples == 2


def test_a_low_temperature_leaves_a_prompt_its_own_pair_and_what_the_others_cost_at_a_margin_of_zero():
    """B pairs of unlike prompts: the loss of DPO over B, and log 2 for each of the B - 1 others."""
    scores = replace(Scores(random_logps(1), random_logps(2)), _prompt_embedding=torch.eye(5, dtype=torch.float64))
    found = loss(scores, Hyper(beta=0.1, distance_temperature=1e-3))
    torch.testing.assert_close(found, DPO.loss(scores, DPO.hyper(beta=0.1)) / 5 + 0.8 * math.log(2))


def test_a_prompt_without_a_direction_is_as_far_from_all():
    found = weights(torch.tensor([[0.0, 0.0], [1.0, 0.0]]), Hyper())
    assert found[0].tolist() == pytest.approx([0.5, 0.5])
