"""KTO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Logps, Scores
from benchbench.methods.kto import METHOD, Hyper, loss

from .toys import one_token


def rows(ratios, labels, mismatched):
    """Single responses of one token with these log-ratios to the reference."""
    token = torch.tensor(ratios, dtype=torch.float64)[:, None, None]
    response = torch.ones_like(token, dtype=torch.bool)
    label = torch.tensor(labels, dtype=torch.float64)
    against = torch.tensor(mismatched, dtype=torch.float64)[:, None]
    policy, reference = Logps(token, response), Logps(torch.zeros_like(token), response)
    return Scores(policy, reference, None, {"label": label}, _mismatched=against)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def test_by_hand():
    """z0 = (3 - 1) / 2 = 1: the desirable one is 1 beyond it, the undesirable one 3 below, so it counts little."""
    found = loss(rows([2.0, -2.0], [1, 0], [3.0, -1.0]), Hyper(beta=1.0))
    assert found.tolist() == pytest.approx([1 - sigmoid(1), 1 - sigmoid(3)], rel=1e-12)


def test_a_baseline_below_zero_is_zero():
    found = loss(rows([2.0, -2.0], [1, 0], [-3.0, -1.0]), Hyper(beta=1.0))
    assert found.tolist() == pytest.approx([1 - sigmoid(2), 1 - sigmoid(2)], rel=1e-12)


def test_at_the_reference_every_response_costs_half_its_weight():
    found = loss(rows([0.0, 0.0], [1, 0], [0.0, 0.0]), Hyper(undesirable_weight=3.0))
    assert found.tolist() == [0.5, 1.5]


def test_the_baseline_has_no_gradient():
    scores = rows([2.0, -2.0], [1, 0], [3.0, -1.0])
    scores.mismatched.requires_grad_()
    assert not loss(scores, Hyper()).requires_grad


def test_pairs_are_refused():
    """Each response has a label of its own; a transform splits pairs before."""
    scores = Scores(one_token(-1.0, -2.0), one_token(-1.0, -2.0))
    with pytest.raises(ValueError, match="K = 2"):
        loss(scores, Hyper())


def test_a_label_beyond_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.allows(0) and column.allows(1) and not any(map(column.allows, (-1, 2, math.nan)))


def test_it_wants_a_partner_in_the_step():
    assert METHOD.least_examples == 2 and METHOD.need("mismatched") is not None
