"""MaPO in text."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench.core.method import Over
from benchbench.core.scores import Logps, Scores
from benchbench.methods.mapo_twin import METHOD, Hyper, loss, reward

from .toys import gradient, one_token, tokens


def phi(error, beta):
    return (error / (math.exp(error) - 1)) ** beta


def test_by_hand():
    """Errors 1 and 2 per token, beta 2."""
    found = loss(Scores(tokens([-0.5, -1.5], [-2.0])), Hyper(beta=2.0))
    assert found["likelihood"].values.item() == 1.0
    expected = math.log(1 + math.exp(phi(2.0, 2.0) - phi(1.0, 2.0))) / 2
    assert found["margin"].values.item() == pytest.approx(expected, rel=1e-12)
    assert all(term.over is Over.EXAMPLES for term in found.values())


def test_phi_falls_from_one_to_zero():
    errors = [1e-12, 0.1, 1.0, 5.0, 50.0, 5000.0]
    values = [reward(Scores(one_token(-error, -error)), Hyper())[0, 0].item() for error in errors]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(1.0, abs=1e-9) and values[-1] == 0.0
    assert values[1:4] == pytest.approx([phi(error, 0.5) for error in errors[1:4]], rel=1e-12)


def test_a_certain_response_has_a_finite_gradient():
    def of(token):
        scores = Scores(Logps(token, one_token(0.0, 0.0).response))
        return sum(term.values.sum() for term in loss(scores, Hyper()).values())

    assert gradient(of, one_token(0.0, -1.0).token).isfinite().all()


def test_no_reference_is_read_and_repeating_every_token_changes_nothing():
    once, twice = tokens([-1.0, -2.0], [-0.5]), tokens([-1.0, -2.0, -1.0, -2.0], [-0.5, -0.5])
    for name in ("likelihood", "margin"):
        torch.testing.assert_close(loss(Scores(twice), Hyper())[name].values, loss(Scores(once), Hyper())[name].values)
    assert not METHOD.needs


def test_it_is_a_twin_whose_form_is_known():
    assert METHOD.marks == ("twin",)
