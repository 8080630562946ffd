"""Orders, ranks and pairs of lists."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.lists import best_first, differences, lambda_rank, not_before, plackett_luce_nll, ranks, several

VALUES = torch.tensor([[0.2, 0.9, -1.0, 0.9]])


def test_a_list_of_one_has_nothing_to_compare():
    assert several(VALUES) is VALUES
    with pytest.raises(ValueError, match="at least two candidates, got K = 1"):
        several(VALUES[:, :1])


def test_equal_values_keep_the_order_given():
    assert best_first(VALUES).tolist() == [[1, 3, 0, 2]]
    assert ranks(VALUES).tolist() == [[3, 1, 4, 2]]
    assert ranks(torch.zeros(1, 40)).tolist() == [[*range(1, 41)]]


def test_a_difference_is_of_the_row_s_candidate_minus_the_column_s():
    found = differences(VALUES)
    assert found.shape == (1, 4, 4) and found[0, 1, 2].item() == pytest.approx(1.9)
    assert torch.equal(found, -found.transpose(-1, -2))


def test_a_candidate_is_not_before_itself_and_those_after_it():
    assert not_before(VALUES[:, :3]).tolist() == [[True, True, True], [False, True, True], [False, False, True]]


def test_the_likelihood_of_an_order_is_a_product_of_choices():
    """Weights 3, 2 and 1, in the order 2, 3, 1: 2/6 times 3/4."""
    values = torch.tensor([[3.0, 2.0, 1.0]], dtype=torch.float64).log()
    found = plackett_luce_nll(values, torch.tensor([[0.5, 0.9, 0.1]]))
    assert found.item() == pytest.approx(-math.log(2 / 6 * 3 / 4), rel=1e-12)


def test_the_likelihood_has_a_finite_slope_where_one_candidate_is_hopeless():
    values = torch.tensor([[0.0, -1e4, 1e4]], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(plackett_luce_nll(values, torch.tensor([[3.0, 2.0, 1.0]])).sum(), values)
    assert slope.isfinite().all() and slope.tolist() == [[-1.0, -1.0, 2.0]]


def test_a_pair_weighs_by_the_gap_of_its_gains_and_of_the_discounts_of_its_ranks():
    """Rewards 2, 1, 1 with ranks 3, 1, 2: the first against each of the tied two, gains 4 - 2."""
    values = torch.tensor([[0.0, 1.0, -1.0]], dtype=torch.float64)
    rewards, ranked = torch.tensor([[2.0, 1.0, 1.0]]), torch.tensor([[0.0, 9.0, 5.0]])
    discount = {rank: 1 / math.log(1 + rank) for rank in (1, 2, 3)}
    expected = 2 * (discount[1] - discount[3]) * math.log1p(math.e)
    expected += 2 * (discount[2] - discount[3]) * math.log1p(math.exp(-1))
    assert lambda_rank(values, rewards, ranked).item() == pytest.approx(expected, rel=1e-12)
