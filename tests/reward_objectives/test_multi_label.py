"""Multi-label regression."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.reward_objective import RewardScores
from benchbench.reward_objectives.multi_label import Hyper, head, loss, score

from .toys import column

NAN = float("nan")


def given(**columns):
    """Outputs (1, 2) of the first response and (0, 4) of the second."""
    return RewardScores(torch.tensor([[[1.0, 2.0], [0.0, 4.0]]], dtype=torch.float64), _column=columns)


def test_by_hand():
    """multi_label: errors 0, 1, 1, 2 against a = (1, 1) and b = (1, 2): squares 0 + 1 + 1 + 4 over 4."""
    scores = given(a=column([1.0, 1.0]), b=column([1.0, 2.0]))
    assert loss(scores, Hyper(columns=("a", "b"))).tolist() == [1.5]


def test_a_missing_rating_costs_nothing_and_has_no_gradient():
    scores = given(a=column([1.0, NAN]), b=column([NAN, 2.0]))
    scores._outputs.requires_grad_()
    found = loss(scores, Hyper(columns=("a", "b")))
    assert found.tolist() == [2.0]
    (slope,) = torch.autograd.grad(found.sum(), scores._outputs)
    assert slope.flatten().tolist() == [0.0, 0.0, 0.0, 2.0]
    assert loss(given(a=column([NAN, NAN]), b=column([NAN, NAN])), Hyper(columns=("a", "b"))).tolist() == [0.0]


def test_the_reward_is_the_weighted_sum():
    assert score(given(), Hyper(columns=("a", "b"), weights=(1.0, -0.5))).tolist() == [[0.0, -2.0]]
    assert score(given(), Hyper(columns=("a", "b"))).tolist() == [[1.5, 2.0]]
    assert head(Hyper(columns=("a", "b"))).response.outputs == 2


@pytest.mark.parametrize(
    "wrong", [{"columns": ()}, {"columns": ("a", "a")}, {"columns": ("a",), "weights": (1.0, 2.0)}]
)
def test_columns_and_weights_that_do_not_fit_are_refused(wrong):
    with pytest.raises(ValueError, match="expected"):
        Hyper(**wrong)
