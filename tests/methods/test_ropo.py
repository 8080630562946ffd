"""ROPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.ropo import METHOD, Hyper, loss

from .toys import one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """A margin of 0.1 * 20 = 2: 0.1 log(1 + exp(-2)) + 2 / (1 + exp(2))."""
    expected = 0.1 * math.log(1 + math.exp(-2)) + 2 / (1 + math.exp(2))
    found = loss(Scores(one_token(20.0, 0.0), one_token(0.0, 0.0)), Hyper())
    assert found.item() == pytest.approx(expected, rel=1e-12)


def test_without_the_bounded_term_it_is_dpo():
    dpo = methods.get("dpo")
    found = loss(Scores(POLICY, REFERENCE), Hyper(alpha=0.0, gamma=1.0))
    torch.testing.assert_close(found, dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper()))


def test_a_wrong_pair_has_a_bounded_cost_without_dpos_term():
    """Gamma 0: alpha * sigmoid of minus the margin, at most alpha."""
    scores = Scores(one_token(-1e6, 0.0), one_token(0.0, 0.0))
    assert loss(scores, Hyper(gamma=0.0)).item() == 2.0


def test_its_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)
