"""D3PO in text."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.d3po_twin import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """Two shared steps; with a band of 1/2 the ratios are e^0.1 and 1.5, and 1/2 and e^-0.2: beta 2 times the logs."""
    scores = Scores(tokens([-1.9, -1.0], [-5.0, -2.2, -9.0]), tokens([-2.0, -3.0], [-2.0, -2.0, -2.0]))
    margins = 2 * (0.1 + math.log(2)), 2 * (math.log(1.5) + 0.2)
    expected = sum(math.log(1 + math.exp(-margin)) for margin in margins) / 2
    assert loss(scores, Hyper(beta=2.0, clip=0.5)).item() == pytest.approx(expected, rel=1e-12)


def test_the_fixture_of_four_shared_steps():
    """Calculated independently: the mean of 0.683164, 0.702960, 0.683164 and log 2."""
    policy = tokens([-0.5, -1.0, -0.2, -0.8], [-1.2, -0.7, -0.9, -0.3, -1.5, -0.4])
    reference = tokens([-0.6, -0.9, -0.4, -1.1], [-1.0, -0.8, -0.7, -0.5, -1.1, -0.6])
    assert loss(Scores(policy, reference), Hyper()).item() == pytest.approx(0.69060887841, rel=1e-10)


def test_inside_the_band_one_token_is_dpo():
    dpo, scores = methods.get("dpo"), Scores(one_token(-1.0, -1.05), one_token(-1.02, -1.0))
    torch.testing.assert_close(loss(scores, Hyper()), dpo.loss(scores, dpo.hyper()))


def test_outside_the_band_a_token_has_no_gradient():
    """Chosen by 0.5 nats above, rejected within."""
    reference = one_token(-2.0, -2.0)

    def of(token):
        return loss(Scores(Logps(token, reference.response), reference), Hyper()).sum()

    slope = gradient(of, one_token(-1.5, -2.01).token)
    assert slope[0, 0, 0] == 0 and slope[0, 1, 0] > 0


def test_steps_beyond_the_shorter_response_are_dropped():
    slope = gradient(lambda token: loss(Scores(Logps(token, POLICY.response), POLICY), Hyper()).sum(), POLICY.token)
    shared = POLICY.response.all(dim=1, keepdim=True).expand_as(slope)
    assert (slope[shared] != 0).all() and (slope[~shared] == 0).all()


def test_it_is_a_twin_whose_form_is_unverified():
    assert METHOD.marks == ("twin", "form unverified")


def test_a_band_of_one_or_more_is_refused():
    with pytest.raises(ValueError, match=r"clip: expected a number in \(0, 1\), got 1.0"):
        Hyper(clip=1.0)
