"""GDPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.gdpo import Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def labelled(policy, reference, *p):
    return Scores(policy, reference, None, {"p_chosen": torch.tensor(p, dtype=torch.float64)})


def test_by_hand():
    """P = 0.75 halves the margin: beta * (2 * 0.75 - 1) * 20 = 1."""
    scores = labelled(one_token(20.0, 0.0), one_token(0.0, 0.0), 0.75)
    assert loss(scores, Hyper(beta=0.1)).item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-12)


def test_a_certain_label_is_dpo():
    dpo = methods.get("dpo")
    expected = dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper())
    torch.testing.assert_close(loss(labelled(POLICY, REFERENCE, *[1.0] * 5), Hyper()), expected)


def test_an_undecided_label_teaches_nothing():
    """P = 1/2: log 2 whatever the policy, and no gradient."""

    def of(token):
        return loss(labelled(Logps(token, POLICY.response), REFERENCE, *[0.5] * 5), Hyper())

    torch.testing.assert_close(of(POLICY.token), torch.full((5,), math.log(2), dtype=torch.float64))
    assert gradient(lambda token: of(token).sum(), POLICY.token).abs().max() == 0


def test_exchanging_the_responses_and_the_label_changes_nothing():
    p = [0.1, 0.4, 0.5, 0.8, 1.0]
    exchanged = [Logps(logps.token.flip(1), logps.response.flip(1)) for logps in (POLICY, REFERENCE)]
    torch.testing.assert_close(
        loss(labelled(*exchanged, *(1 - value for value in p)), Hyper()),
        loss(labelled(POLICY, REFERENCE, *p), Hyper()),
    )


def test_at_the_reference_the_slope_is_that_of_dpo_times_2p_minus_1():
    """At h = 0: beta (2p - 1) / 2; p = 0.8 gives 0.1 * 0.6 / 2 = 0.03."""

    def of(margin):
        return loss(labelled(one_token(margin, 0.0), one_token(0.0, 0.0), 0.8), Hyper()).sum()

    slope = gradient(of, torch.tensor(0.0))
    assert slope.item() == pytest.approx(-0.03, rel=1e-6)


@pytest.mark.parametrize("wrong", [1.2, -0.1, math.nan])
def test_a_label_that_is_no_probability_is_refused(wrong):
    with pytest.raises(ValueError, match="'p_chosen': expected probabilities in"):
        loss(labelled(POLICY, REFERENCE, 0.5, 0.5, wrong, 0.5, 0.5), Hyper())


def test_a_label_per_candidate_is_refused():
    """[B, K] would otherwise be broadcast in silence where B = K."""
    two = [Logps(logps.token[:2], logps.response[:2]) for logps in (POLICY, REFERENCE)]
    scores = Scores(*two, None, {"p_chosen": torch.full((2, 2), 0.7)})
    with pytest.raises(ValueError, match=r"expected one value per example, shape \(2,\), got \(2, 2\)"):
        loss(scores, Hyper())
