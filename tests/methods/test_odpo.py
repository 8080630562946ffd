"""ODPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.odpo import Hyper, loss

from .toys import one_token, random_logps


def scores(*gaps, policy=None, reference=None):
    """Random pairs with these gaps of scores."""
    column = torch.tensor(gaps, dtype=torch.float64)
    return Scores(policy or random_logps(1), reference or random_logps(2), None, {"score_gap": column})


def test_by_hand():
    """0.1 * 9 less 2 * log(e) is -1.1."""
    found = loss(
        scores(math.e, policy=one_token(-10.0, -25.0), reference=one_token(-14.0, -20.0)), Hyper(beta=0.1, alpha=2.0)
    )
    assert found.item() == pytest.approx(math.log(1 + math.exp(1.1)), rel=1e-12)


def test_without_offset_and_at_a_gap_of_one_it_is_dpo():
    dpo = methods.get("dpo")
    expected = dpo.loss(Scores(random_logps(1), random_logps(2)), dpo.hyper(beta=0.3))
    torch.testing.assert_close(loss(scores(0.5, 1.0, 2.0, 3.0, 4.0), Hyper(beta=0.3, alpha=0.0)), expected)
    torch.testing.assert_close(loss(scores(1.0, 1.0, 1.0, 1.0, 1.0), Hyper(beta=0.3, alpha=5.0)), expected)


def test_a_wider_gap_wants_a_wider_margin():
    found = loss(scores(0.5, 1.0, 2.0, 3.0, 4.0), Hyper()) - loss(scores(0.4, 0.9, 1.9, 2.9, 3.9), Hyper())
    assert (found > 0).all()


def test_a_tie_is_refused():
    with pytest.raises(ValueError, match="column 'score_gap': expected numbers above 0, got 0.0"):
        loss(scores(1.0, 1.0, 0.0, 1.0, 1.0), Hyper())


def test_a_gap_per_candidate_is_refused():
    with pytest.raises(ValueError, match="column 'score_gap': expected one value per example"):
        loss(scores(*[[1.0, 2.0]] * 5), Hyper())
