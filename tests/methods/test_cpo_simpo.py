"""CPO-SimPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.method import Over
from benchbench.core.scores import Scores
from benchbench.methods.cpo_simpo import Hyper, loss, reward

from .toys import random_logps, tokens

SCORES = Scores(tokens([-1.0, -2.0, -3.0], [-3.0, -4.0]))
"""Mean log-probabilities -2 and -3.5: a gap of 1.5 nats per token."""


def test_by_hand():
    """2 * (1.5 - 1) = 1, and a twentieth of 6 nats of the chosen response."""
    found = loss(SCORES, Hyper(beta=2.0, margin=1.0))
    assert found["preference"].values.item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-12)
    assert found["sft"].values.item() == pytest.approx(0.3, rel=1e-12) and found["sft"].over is Over.CHOSEN_TOKENS


def test_without_the_likelihood_it_is_simpo():
    scores, simpo = Scores(random_logps(1)), methods.get("simpo")
    found = loss(scores, Hyper(beta=2.0, margin=0.25, sft_weight=0.0))
    torch.testing.assert_close(found["preference"].values, simpo.loss(scores, simpo.hyper(beta=2.0, margin=0.25)))
    assert found["sft"].values.abs().max() == 0


def test_it_is_what_simpo_computes_with_trls_defaults():
    scores, simpo = Scores(random_logps(1)), methods.get("simpo")
    expected = simpo.loss(scores, simpo.hyper(**simpo.variants["trl"]))
    found = loss(scores, Hyper(**methods.get("cpo_simpo").variants["trl"]))
    for term in ("preference", "sft"):
        torch.testing.assert_close(found[term].values, expected[term].values)


def test_the_reward_leaves_margin_and_likelihood_out():
    assert reward(SCORES, Hyper(beta=2.0)).tolist() == [[-4.0, -7.0]]
