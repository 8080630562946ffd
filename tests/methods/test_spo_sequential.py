"""SPO, sequential."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.spo_sequential import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, ANCHOR, OLD = random_logps(1), random_logps(2), random_logps(3)


def test_by_hand():
    """24 nats gained in this round, less half of the 8 of earlier ones, times 0.1."""
    scores = Scores(one_token(32.0, 0.0), one_token(0.0, 0.0), _previous=one_token(8.0, 0.0))
    assert loss(scores, Hyper()).item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)


def test_without_earlier_rounds_it_is_dpo():
    """In the first round, where the last policy is the reference; and at weight 0 against the last policy."""
    dpo = methods.get("dpo")
    first = loss(Scores(POLICY, ANCHOR, _previous=ANCHOR), Hyper(earlier_weight=0.7))
    torch.testing.assert_close(first, dpo.loss(Scores(POLICY, ANCHOR), dpo.hyper()))
    later = loss(Scores(POLICY, ANCHOR, _previous=OLD), Hyper(earlier_weight=0.0))
    torch.testing.assert_close(later, dpo.loss(Scores(POLICY, OLD), dpo.hyper()))


def test_a_pair_on_which_earlier_rounds_agree_must_gain_more():
    """The slope at the start of a round grows with what the last policy already prefers."""

    def slope(earlier):
        old = one_token(earlier, 0.0)

        def total(token):
            return loss(Scores(Logps(token, old.response), one_token(0.0, 0.0), _previous=old), Hyper()).sum()

        return -gradient(total, old.token)[0, 0, 0].item()

    assert slope(10.0) > slope(0.0) > slope(-10.0) > 0


def test_the_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)
