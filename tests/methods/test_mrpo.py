"""MRPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.mrpo import Hyper, loss, references, reward, weights

from .toys import one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def mixed(*further, policy=POLICY, reference=REFERENCE):
    return Scores(policy, reference, _anchors={f"further_{number}": logps for number, logps in enumerate(further)})


PLAIN = {"epsilon": 0.0, "weighting": "fixed"}


def test_the_mixture_by_hand():
    """Probabilities 1/2 and 1/8 at even weights: 2 / (2 + 8) = 1/5."""
    half, eighth = (one_token(math.log(p), math.log(p)) for p in (1 / 2, 1 / 8))
    scores = mixed(eighth, policy=one_token(0.0, 0.0), reference=half)
    assert reward(scores, Hyper(beta=1.0, **PLAIN)).exp().tolist() == [pytest.approx([5.0, 5.0], rel=1e-12)]


@pytest.mark.parametrize("hyper", [{}, PLAIN, {"swapped": True}, {"epsilon": 0.0}])
@pytest.mark.parametrize("count", [1, 2])
def test_references_that_are_one_are_dpo(hyper, count):
    dpo = methods.get("dpo")
    expected = dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper())
    torch.testing.assert_close(loss(mixed(*[REFERENCE] * count), Hyper(**hyper)), expected)


def test_all_weight_on_one_reference_is_dpo_against_it():
    dpo, other = methods.get("dpo"), random_logps(3)
    for alpha, reference in ((1.0, REFERENCE), (0.0, other)):
        found = loss(mixed(other), Hyper(**PLAIN, alpha=alpha))
        torch.testing.assert_close(found, dpo.loss(Scores(POLICY, reference), dpo.hyper()))


def test_adaptive_weights_go_with_how_far_the_responses_are_apart():
    """The first sets them 1 apart, the second 3: 1/4 and 3/4; swapped the other way round; equal where none does."""
    sums = torch.tensor([[[-1.0, -2.0]], [[-5.0, -2.0]]], dtype=torch.float64)
    assert weights(sums, Hyper()).squeeze(1).tolist() == [0.25, 0.75]
    assert weights(sums, Hyper(swapped=True)).squeeze(1).tolist() == [0.75, 0.25]
    assert weights(torch.zeros_like(sums), Hyper()).squeeze(1).tolist() == [0.5, 0.5]


def test_two_references_swapped_are_the_formula_of_the_released_code():
    """S1 + S2 - log(a e^S1 + (1 - a) e^S2), with the weight of the first on the first inside the logarithm."""
    other = random_logps(3)
    first, second, a = REFERENCE.sum(), other.sum(), 0.3
    expected = first + second - (a * first.exp() + (1 - a) * second.exp()).log()
    found = reward(mixed(other), Hyper(beta=1.0, swapped=True, alpha=a, **PLAIN))
    torch.testing.assert_close(found, POLICY.sum() - expected)


def test_a_further_reference_is_clipped_around_the_first():
    """Sums -10, -10 against -20, -10: sizes 15 and 10 share epsilon 0.5 as 0.3 and 0.2, so -20 becomes -13."""
    scores = mixed(one_token(-20.0, -10.0), policy=one_token(0.0, 0.0), reference=one_token(-10.0, -10.0))
    expected = torch.tensor([[[-10.0, -10.0]], [[-13.0, -10.0]]], dtype=torch.float64)
    torch.testing.assert_close(references(scores, Hyper(epsilon=0.5)), expected)
    assert references(scores, Hyper(epsilon=0.0))[1].tolist() == [[-20.0, -10.0]]


def test_a_fixed_weight_beside_adaptive_ones_is_refused():
    with pytest.raises(ValueError, match="alpha: expected 0.5 with weighting adaptive, got 0.3"):
        Hyper(alpha=0.3)
