"""SAMI."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.sami import Hyper, loss

from .toys import gradient, one_token, tokens


def test_by_hand():
    """S = [[-1, -3], [-2, -2]]: rows cost softplus(-2) and log 2, columns softplus(-1) and softplus(-1)."""
    expected = (math.log1p(math.exp(-2)) + math.log(2) + 2 * math.log1p(math.exp(-1))) / 4
    found = loss(Scores(one_token(-1.0, -3.0, -2.0, -2.0)), Hyper())
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_contexts_that_change_nothing_cost_log_two_and_what_both_share_has_no_part():
    assert loss(Scores(one_token(*[-1.5] * 4)), Hyper()).item() == pytest.approx(math.log(2), rel=1e-12)
    one, other = (loss(Scores(one_token(-1 + c, -3 + c, -2 + c, -2 + c)), Hyper()).item() for c in (0.0, -5.0))
    assert one == pytest.approx(other, rel=1e-12)


def test_exchanging_both_responses_and_both_contexts_changes_nothing():
    a = loss(Scores(one_token(-1.0, -3.0, -2.5, -2.0)), Hyper())
    b = loss(Scores(one_token(-2.0, -2.5, -3.0, -1.0)), Hyper())
    torch.testing.assert_close(a, b)


def test_the_slope_rewards_the_own_context_and_sums_to_zero():
    at = torch.tensor([-1.0, -3.0, -2.5, -2.0], dtype=torch.float64)
    slope = gradient(lambda values: loss(Scores(one_token(*values)), Hyper()).sum(), at)
    assert slope[0] < 0 < slope[1] and slope[3] < 0 < slope[2]
    assert slope.sum().item() == pytest.approx(0, abs=1e-12)


def test_a_response_counts_per_token_as_in_the_authors_code():
    """janphilippfranken/sami, sami_trainer.py, averages over tokens: sums -2, -3, -2, -2 are means -1, -3, -2, -2."""
    scores = Scores(tokens([-1.0, -1.0], [-3.0], [-2.0], [-2.0]))
    expected = loss(Scores(one_token(-1.0, -3.0, -2.0, -2.0)), Hyper()).item()
    assert loss(scores, Hyper()).item() == pytest.approx(expected, rel=1e-12)
    summed = loss(Scores(one_token(-2.0, -3.0, -2.0, -2.0)), Hyper()).item()
    assert loss(scores, Hyper(score="sum")).item() == pytest.approx(summed, rel=1e-12)
