"""SPAC."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.method import terms_of
from benchbench.core.scores import Logps, Scores
from benchbench.methods.spac import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, ANCHOR, OLD = random_logps(1), random_logps(2), random_logps(3)


def drawn(policy, reference, previous, *flags):
    return Scores(
        policy, reference, None, {"from_previous": torch.tensor(flags, dtype=torch.float64)}, _previous=previous
    )


def test_by_hand():
    """A margin of 0.1 * 20 = 2; log-ratios to the last policy of 3 and -1, the mean of which is 1."""
    scores = drawn(one_token(20.0, 0.0), one_token(0.0, 0.0), one_token(17.0, 1.0), [1, 1])
    terms = terms_of(loss(scores, Hyper(critic_weight=0.5)))
    assert terms["preference"].values.item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)
    assert terms["critic"].values.item() == pytest.approx(0.5, rel=1e-12)


def test_without_a_critic_it_is_dpo():
    dpo = methods.get("dpo")
    terms = terms_of(loss(drawn(POLICY, ANCHOR, OLD, *[[1, 1]] * 5), Hyper(critic_weight=0.0)))
    torch.testing.assert_close(terms["preference"].values, dpo.loss(Scores(POLICY, ANCHOR), dpo.hyper()))
    assert (terms["critic"].values == 0).all()


def test_the_critic_pushes_samples_of_the_last_policy_down_and_no_others():
    def critic(token):
        scores = drawn(Logps(token, POLICY.response), ANCHOR, OLD, *[[0, 1]] * 5)
        return terms_of(loss(scores, Hyper(critic_weight=0.25)))["critic"].values.sum()

    slope = gradient(critic, POLICY.token) * POLICY.response
    torch.testing.assert_close(slope[:, 1], 0.25 * POLICY.response[:, 1].to(slope))
    assert (slope[:, 0] == 0).all()


def test_where_the_round_starts_the_critic_term_is_zero():
    terms = terms_of(loss(drawn(OLD, ANCHOR, OLD, *[[1, 1]] * 5), Hyper()))
    assert terms["critic"].values.abs().max() == 0


def test_the_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)
