"""Balanced preference optimisation."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.bpo_balanced import Hyper, loss

from .toys import gradient, one_token

SCORES = Scores(one_token(-10.0, -25.0), one_token(-14.0, -20.0))
"""Log-ratios 4 and -5 nats: a margin of 9."""


def test_by_hand():
    """The smaller of 4 and 0.6 * 5 = 3."""
    found = loss(SCORES, Hyper(beta=0.1, gap_adaptor=0.6)).item()
    assert found == pytest.approx(math.log(1 + math.exp(-0.3)), rel=1e-12)


def test_where_the_chosen_response_is_behind_it_is_all_that_counts():
    """The smaller of 4 and 5."""
    found = loss(SCORES, Hyper(beta=0.1, gap_adaptor=1.0)).item()
    assert found == pytest.approx(math.log(1 + math.exp(-0.4)), rel=1e-12)


@pytest.mark.parametrize(("gap_adaptor", "moved"), [(1.0, 0), (0.6, 1)])
def test_only_the_response_that_is_behind_has_a_gradient(gap_adaptor, moved):
    def at(pair):
        return loss(Scores(one_token(pair[0], pair[1]), SCORES.reference), Hyper(gap_adaptor=gap_adaptor)).sum()

    slopes = gradient(at, torch.tensor([-10.0, -25.0], dtype=torch.float64))
    assert slopes[moved] != 0 and slopes[1 - moved] == 0


def test_a_gap_adaptor_beyond_one_is_refused():
    with pytest.raises(ValueError, match=r"gap_adaptor: expected a number in \(0, 1\], got 1.5"):
        Hyper(gap_adaptor=1.5)
