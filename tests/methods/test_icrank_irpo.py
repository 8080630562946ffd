"""IRPO of in-context ranking."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.icrank_irpo import Hyper, item_weights, loss

from .toys import tokens


def listed(ratios, numbers, relevance) -> Scores:
    """A list whose reference is sure of every token."""
    policy = tokens(ratios)
    spans = {
        name: torch.tensor([[values]], dtype=torch.float64)
        for name, values in (("item", numbers), ("relevance", relevance))
    }
    return Scores(policy, tokens([0.0] * len(ratios)), _token_weights=spans)


def test_three_items_of_the_independent_calculation():
    """Log-ratios 0.4, -0.3, 0.1 and relevance 2, 0, 1: 1.44487333989, 0 and 0.349089606015, their mean."""
    scores = listed([0.4, -0.3, 0.1], [2.0, 3.0, 4.0], [2.0, 0.0, 1.0])
    assert loss(scores, Hyper()).item() == pytest.approx(0.597987648636, rel=1e-10)
    for relevance, expected in (([2.0, 0.0, 0.0], 1.44487333989), ([0.0, 0.0, 1.0], 0.349089606015)):
        alone = loss(listed([0.4, -0.3, 0.1], [2.0, 3.0, 4.0], relevance), Hyper())
        assert alone.item() == pytest.approx(expected / 3, rel=1e-10)


def test_tokens_of_an_item_are_summed_and_those_of_none_have_no_part():
    """A token of no item between the items, and one item of two tokens; one off at a boundary is another loss."""
    scores = listed([0.3, 0.1, 5.0, -0.3, 0.1], [2.0, 2, 1, 3, 4], [2.0, 2, 1, 0, 1])
    assert loss(scores, Hyper()).item() == pytest.approx(0.597987648636, rel=1e-10)
    shifted = listed([0.3, 0.1, 5.0, -0.3, 0.1], [2.0, 1, 3, 3, 4], [2.0, 1, 0, 0, 1])
    assert loss(shifted, Hyper()).item() != pytest.approx(0.597987648636, rel=1e-3)


def test_two_items_of_which_the_first_matters_are_half_of_dpo_on_the_items():
    dpo = methods.get("dpo")
    scores = listed([0.7, -0.4], [2.0, 3.0], [1.0, 0.0])
    items = Scores(tokens([0.7], [-0.4]), tokens([0.0], [0.0]))
    torch.testing.assert_close(loss(scores, Hyper(beta=0.3)), dpo.loss(items, dpo.hyper(beta=0.3)) / 2)


def test_a_list_of_one_item_or_none_costs_nothing():
    for numbers in ([2.0, 2.0], [1.0, 1.0]):
        token = torch.tensor([[[0.7, -0.4]]], dtype=torch.float64, requires_grad=True)
        scores = listed([0.7, -0.4], numbers, [1.0, 1.0])
        scores = replace(scores, policy=type(scores.policy)(token, scores.policy.response))
        found = loss(scores, Hyper())
        assert found.item() == 0
        (slope,) = torch.autograd.grad(found.sum(), token, allow_unused=True)
        assert slope is None or slope.abs().max() == 0


@pytest.mark.parametrize(
    ("weighting", "expected"), [("dcg", [3.0, 1 / 2]), ("discount", [1.0, 1 / 2]), ("reciprocal", [3.0, 1 / 3])]
)
def test_weights_by_relevance_and_place(weighting, expected):
    """Relevance 2 at place 1, and 1 at place 3."""
    found = item_weights(torch.tensor([2.0, 1.0]), torch.tensor([1.0, 3.0]), weighting)
    assert found.tolist() == pytest.approx(expected, rel=1e-6)
