"""Iterative RPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.method import Over
from benchbench.core.scores import Scores
from benchbench.methods.rpo_iter import Hyper, loss

from .toys import of_step, random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)
SCORES = Scores(tokens([-1.0, -3.0], [-2.0]), tokens([-3.0, -3.0], [-2.0]))
"""Log-ratio margin 2; the chosen response has -4 nats over 2 tokens."""


@pytest.mark.parametrize(
    ("reduction", "expected", "over"), [("mean", 0.4, Over.EXAMPLES), ("pooled", 0.8, Over.CHOSEN_TOKENS)]
)
def test_by_hand(reduction, expected, over):
    """Preference 0.5 * 2 = 1; likelihood 0.2 * 2 nats per token, or 0.2 * 4 nats."""
    found = loss(SCORES, Hyper(beta=0.5, alpha=0.2, reduction=reduction))
    assert found["preference"].values.item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-12)
    assert found["likelihood"].values.item() == pytest.approx(expected, rel=1e-12)
    assert found["likelihood"].over is over


@pytest.mark.parametrize("reduction", ["mean", "pooled"])
def test_without_the_likelihood_it_is_dpo(reduction):
    dpo, scores = methods.get("dpo"), Scores(POLICY, REFERENCE)
    found = of_step(loss(scores, Hyper(alpha=0.0, reduction=reduction)), POLICY)
    torch.testing.assert_close(found, dpo.loss(scores, dpo.hyper()).mean())


@pytest.mark.parametrize(("reduction", "regularizer"), [("mean", "average"), ("pooled", "pooled")])
def test_each_reduction_is_one_of_rpo_reg(reduction, regularizer):
    rpo, scores = methods.get("rpo_reg"), Scores(POLICY, REFERENCE)
    expected = rpo.loss(scores, rpo.hyper(beta=0.1, eta=1.0, regularizer=regularizer))
    found = loss(scores, Hyper(reduction=reduction))
    torch.testing.assert_close(of_step(found, POLICY), of_step(expected, POLICY))
