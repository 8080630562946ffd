"""ULMA."""

from __future__ import annotations

import math

import pytest

from benchbench.methods.ulma import METHOD, Hyper, loss, reward

from .toys import listed


def softplus(value: float) -> float:
    return math.log1p(math.exp(value))


def test_by_hand():
    """A good one at -2.5 nats, a bad one with log-ratio -0.3 at beta 0.1, averaged."""
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], desirable=[1.0, 0.0])
    assert loss(scores, Hyper(beta=0.1)).item() == pytest.approx((2.5 + softplus(-0.03)) / 2, rel=1e-12)
    assert reward(scores, Hyper(beta=0.1))[0].tolist() == pytest.approx([0.05, -0.03])


def test_pointwise_dpo_has_a_sigmoid_on_both_sides():
    scores = listed([-2.5, -5.0], reference=[-3.0, -4.7], desirable=[1.0, 0.0])
    found = loss(scores, Hyper(beta=0.1, positives="sigmoid")).item()
    assert found == pytest.approx((softplus(-0.05) + softplus(-0.03)) / 2, rel=1e-12)


def test_a_list_without_a_bad_candidate_is_their_likelihood():
    scores = listed([-2.0, -5.0, -4.0], reference=[-3.0] * 3, desirable=[1.0, 1.0, 1.0])
    assert loss(scores, Hyper()).item() == pytest.approx(11 / 3, rel=1e-12)


def test_a_label_between_mixes_the_two_sides():
    found = [loss(listed([-2.0], reference=[-3.0], desirable=[z]), Hyper()).item() for z in (0.0, 0.25, 1.0)]
    assert found[1] == pytest.approx(0.75 * found[0] + 0.25 * found[2], rel=1e-12)


def test_its_form_is_that_of_the_authors_code():
    assert METHOD.marks == ()
