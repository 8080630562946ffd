"""TPO-L."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.tpo_triple_l import Hyper, loss

from .toys import of_step, random_logps, tokens


def test_by_hand():
    """Means -1 and -3, margin 1 at beta 1: softplus(-1); gold -2 per token."""
    scores = Scores(tokens([-2.0], [-0.5, -1.5], [-3.0]))
    total = of_step(loss(scores, Hyper(beta=1.0, gamma=1.0, alpha=0.5)), scores.policy)
    assert total.item() == pytest.approx(0.313261687518 + 0.5 * 2, rel=1e-10)


def test_without_the_gold_response_it_is_simpo():
    policy = random_logps(3, candidates=3)
    simpo = methods.get("simpo")
    pairs = Scores(Logps(policy.token[:, 1:], policy.response[:, 1:]))
    expected = simpo.loss(pairs, simpo.hyper(beta=2.5, margin=0.3 / 2.5))
    found = loss(Scores(policy), Hyper(beta=2.5, gamma=0.3, alpha=0.0))["preference"].values
    torch.testing.assert_close(found, expected)
