"""RPO, regularised preference optimisation."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.method import Over
from benchbench.core.scores import Scores
from benchbench.methods.rpo_reg import Hyper, loss

from .toys import of_step, random_logps, tokens

SCORES = Scores(tokens([-1.0, -3.0], [-2.0]), tokens([-3.0, -3.0], [-2.0]))
"""Log-ratio margin 2; the chosen response has -4 nats over 2 tokens."""


@pytest.mark.parametrize(
    ("regularizer", "expected", "over"),
    [
        ("average", 0.4, Over.EXAMPLES),
        ("cumulative", 0.4, Over.EXAMPLES),
        ("pooled", 0.8, Over.CHOSEN_TOKENS),
    ],
)
def test_by_hand(regularizer, expected, over):
    """Preference 0.5 * 2 = 1; likelihood 0.2 * 2 nats per token, 0.5 * 0.2 * 4 nats, 0.2 * 4 nats."""
    found = loss(SCORES, Hyper(beta=0.5, eta=0.2, regularizer=regularizer))
    assert found["preference"].values.item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-12)
    assert found["likelihood"].values.item() == pytest.approx(expected, rel=1e-12)
    assert found["likelihood"].over is over


@pytest.mark.parametrize("regularizer", ["average", "cumulative", "pooled"])
def test_without_the_likelihood_it_is_dpo(regularizer):
    scores, dpo = Scores(random_logps(1), random_logps(2)), methods.get("dpo")
    found = of_step(loss(scores, Hyper(beta=0.3, eta=0.0, regularizer=regularizer)), scores.policy)
    torch.testing.assert_close(found, dpo.loss(scores, dpo.hyper(beta=0.3)).mean())


def test_on_responses_of_equal_length_average_and_pooled_agree():
    """Two tokens in every chosen response: mean of means is the mean over all tokens."""
    policy = tokens([-1.0, -3.0], [-2.0])
    scores = Scores(policy, policy)
    average, pooled = (of_step(loss(scores, Hyper(regularizer=name)), policy) for name in ("average", "pooled"))
    torch.testing.assert_close(average, pooled)
