"""VPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.method import terms_of
from benchbench.core.scores import Logps, Scores
from benchbench.methods.vpo import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, ANCHOR = random_logps(1), random_logps(2)
REGIMES = ("optimistic", "pessimistic")


def calibrated(policy, reference, *weights):
    return Scores(policy, reference, None, {"from_calibration": torch.tensor(weights, dtype=torch.float64)})


@pytest.mark.parametrize(("regime", "sign"), [("optimistic", 1), ("pessimistic", -1)])
def test_by_hand(regime, sign):
    """A margin of 0.1 * 20 = 2; both responses are calibration samples, of rewards 1.5 and -0.5."""
    scores = calibrated(one_token(15.0, -5.0), one_token(0.0, 0.0), [1, 1])
    terms = terms_of(loss(scores, Hyper(alpha=0.2, regime=regime)))
    assert terms["preference"].values.item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)
    assert terms["calibration"].values.item() == pytest.approx(sign * 0.2 * 0.5, rel=1e-12)


def test_without_the_term_it_is_dpo():
    dpo = methods.get("dpo")
    terms = terms_of(loss(calibrated(POLICY, ANCHOR, *[[1, 0]] * 5), Hyper(alpha=0.0)))
    torch.testing.assert_close(
        sum(term.values for term in terms.values()), dpo.loss(Scores(POLICY, ANCHOR), dpo.hyper())
    )


def slope(of, hyper, column):
    """The gradient of a loss where the calibration policy, or the reference, drew the rejected responses."""
    flags = {column: torch.tensor([[0.0, 1.0]] * 5, dtype=torch.float64)}

    def total(token):
        terms = terms_of(of(Scores(Logps(token, POLICY.response), ANCHOR, None, flags), hyper))
        return sum(term.values.sum() for term in terms.values())

    return gradient(total, POLICY.token)


def test_optimism_about_the_reference_has_the_gradient_of_xpo():
    """At alpha beta, since the reference's own log-probability is fixed."""
    xpo = methods.get("xpo")
    expected = slope(xpo.loss, xpo.hyper(alpha=0.02), "from_reference")
    torch.testing.assert_close(slope(loss, Hyper(alpha=0.2), "from_calibration"), expected)


def test_optimism_and_pessimism_pull_to_opposite_sides_of_dpo():
    """On a bandit of two arms: the calibration arm gets less likely online, likelier offline."""
    without = slope(loss, Hyper(alpha=0.0), "from_calibration")
    up, down = (slope(loss, Hyper(alpha=0.2, regime=r), "from_calibration") - without for r in REGIMES)
    torch.testing.assert_close(up, -down)
    assert (up[:, 1][POLICY.response[:, 1]] > 0).all()


def test_an_example_without_a_calibration_sample_has_no_term():
    terms = terms_of(loss(calibrated(POLICY, ANCHOR, *[[0, 0]] * 5), Hyper()))
    assert (terms["calibration"].values == 0).all()


def test_the_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)
