"""TARS in text."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.tars_twin import METHOD, Hyper, loss

from .toys import one_token, random_scores, some


def test_by_hand():
    """Log-ratios 2, 0 and 1 at beta 1: softplus(-2) and softplus(-1)."""
    scores = Scores(one_token(2.0, 0.0, 1.0), one_token(0.0, 0.0, 0.0))
    expected = math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(expected, rel=1e-12)


def test_it_is_dpo_on_two_pairs_that_share_the_chosen_response():
    given, dpo = random_scores(METHOD), methods.get("dpo")
    expected = sum(
        dpo.loss(
            Scores(some(given.policy, [0, k]), some(given.reference, [0, k])),
            dpo.hyper(),
        )
        for k in (1, 2)
    )
    torch.testing.assert_close(loss(given, Hyper()), expected)
