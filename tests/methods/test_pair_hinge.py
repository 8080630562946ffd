"""The hinge over all pairs of a list."""

from __future__ import annotations

import pytest

from benchbench.methods import rso_hinge
from benchbench.methods.pair_hinge import Hyper, loss, reward

from .toys import listed


def test_by_hand():
    """Scores 1, 0.5 and 3 with rewards in that order: 1 - 0.5, 1 + 2 and 1 + 2.5."""
    scores = listed([1.0, 0.5, 3.0], reference=[0.0] * 3, reward=[3.0, 2.0, 1.0])
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(0.5 + 3.0 + 3.5, rel=1e-12)
    assert reward(scores, Hyper(beta=2.0)).tolist() == [[2.0, 1.0, 6.0]]


def test_for_two_candidates_it_is_the_hinge_of_rso():
    """0.92 is TRL's loss_type hinge at beta 0.1 for log-ratios 0.5 and -0.3."""
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], reward=[1.0, 0.0])
    found = loss(scores, Hyper(beta=0.1)).item()
    assert found == pytest.approx(0.92, rel=1e-12)
    assert found == pytest.approx(rso_hinge.loss(scores, rso_hinge.Hyper(beta=0.1)).item(), rel=1e-12)


def test_margins_of_one_and_more_cost_nothing():
    assert loss(listed([5.0, 4.0, 1.0], reference=[0.0] * 3, reward=[3.0, 2.0, 1.0]), Hyper(beta=1.0)).item() == 0.0


def test_equal_rewards_make_no_pair():
    assert loss(listed([1.0, 2.0, 3.0], reference=[0.0] * 3, reward=[1.0] * 3), Hyper()).item() == 0.0
