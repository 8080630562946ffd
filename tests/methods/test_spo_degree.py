"""DPO with degrees."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.spo_degree import METHOD, Hyper, degree_loss, loss

from .toys import random_scores, some

DEGREES = torch.tensor([[0.0, 0, 1, 2, 3, 1, 2, 3]], dtype=torch.float64)


def with_head(scores: Scores, head: torch.Tensor) -> Scores:
    return replace(scores, _head=head, _column={"degree": DEGREES.expand(len(head), -1)})


def test_by_hand():
    """Logits of 2 on the true degree of every text and 0 elsewhere: log(1 + 3 e^-2)."""
    head = 2 * torch.nn.functional.one_hot(DEGREES.long(), 4).double()
    given = with_head(random_scores(METHOD, examples=1), head)
    expected = math.log1p(3 * math.exp(-2))
    assert degree_loss(given).item() == pytest.approx(expected, rel=1e-12)
    assert loss(given, Hyper(gamma=0.5))["degree"].values.item() == pytest.approx(expected / 2, rel=1e-12)


def test_a_head_that_knows_nothing_costs_the_log_of_the_classes():
    given = with_head(random_scores(METHOD, examples=2), torch.zeros(2, 8, 4, dtype=torch.float64))
    assert degree_loss(given).tolist() == pytest.approx([math.log(4)] * 2, rel=1e-12)


def test_without_weight_it_is_dpo_of_the_pair():
    given, dpo = random_scores(METHOD), methods.get("dpo")
    pairs = Scores(some(given.policy, [0, 1]), some(given.reference, [0, 1]))
    found = loss(given, Hyper(gamma=0.0))
    torch.testing.assert_close(found["preference"].values, dpo.loss(pairs, dpo.hyper()))
    assert found["degree"].values.abs().max() == 0


def test_the_degrees_train_the_head():
    head = torch.zeros(1, 8, 4, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(degree_loss(with_head(random_scores(METHOD, examples=1), head)).sum(), head)
    assert (slope.argmin(dim=-1) == DEGREES).all()
