"""SmPO in text."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.smpo_twin import METHOD, Hyper, loss

from .toys import gradient, one_token, random_logps

POLICY, REFERENCE = random_logps(1), random_logps(2)


def labelled(policy, reference, *p):
    return Scores(policy, reference, None, {"p_chosen": torch.tensor(p, dtype=torch.float64)})


def test_by_hand():
    """(2 * 0.75 - 1) * 10 * 0.1 * 4 = 2."""
    found = loss(labelled(one_token(4.0, 0.0), one_token(0.0, 0.0), 0.75), Hyper())
    assert found.item() == pytest.approx(math.log(1 + math.exp(-2)), rel=1e-12)


def test_it_is_gdpo_with_beta_times_gamma():
    gdpo, scores = methods.get("gdpo"), labelled(POLICY, REFERENCE, 0.1, 0.4, 0.5, 0.8, 1.0)
    torch.testing.assert_close(loss(scores, Hyper(beta=0.2, gamma=3.0)), gdpo.loss(scores, gdpo.hyper(beta=0.6)))


def test_a_certain_label_is_dpo():
    other = methods.get("dpo")
    expected = other.loss(Scores(POLICY, REFERENCE), other.hyper(beta=1.0))
    torch.testing.assert_close(loss(labelled(POLICY, REFERENCE, *[1.0] * 5), Hyper(beta=0.1, gamma=10.0)), expected)


def test_an_undecided_label_teaches_nothing():
    """P = 1/2: log 2 whatever the policy, and no gradient."""

    def of(token):
        return loss(labelled(Logps(token, POLICY.response), REFERENCE, *[0.5] * 5), Hyper())

    torch.testing.assert_close(of(POLICY.token), torch.full((5,), math.log(2), dtype=torch.float64))
    assert gradient(lambda token: of(token).sum(), POLICY.token).abs().max() == 0


def test_it_is_a_twin():
    assert METHOD.marks == ("twin",)


def test_a_label_outside_zero_and_one_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.name == "p_chosen" and column.allows(0.0) and column.allows(1.0)
    assert not any(column.allows(wrong) for wrong in (1.2, -0.1, math.nan))
