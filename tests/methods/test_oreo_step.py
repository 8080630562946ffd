"""OREO on steps."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.oreo_step import METHOD, Hyper, loss

from .toys import random_scores, tokens


def stepped(scores: Scores, steps: torch.Tensor) -> Scores:
    return replace(scores, _token_weights={"step": steps})


def test_by_hand():
    """Residuals 0.5 - 1 + 0.4 and 0.25 - 1 + 0.2, of two steps.

    Tokens of log-ratio 1, 1 and 2 are of steps 1, 1 and 2 at beta 0.1; the values before the steps are 0.5 and 0.25,
    the reward is 1, and the value at the second token is no step's.
    """
    given = Scores(
        tokens([-1.0, -1.0, -1.0]),
        tokens([-2.0, -2.0, -3.0]),
        torch.tensor([[1.0]], dtype=torch.float64),
        _distribution=torch.zeros(1, 1, 3, dtype=torch.float64),
        _head=torch.tensor([[[[0.5], [9.0], [0.25]]]], dtype=torch.float64),
        _token_weights={"step": torch.tensor([[[1.0, 1.0, 2.0]]], dtype=torch.float64)},
    )
    expected = (0.01 + 0.3025) / 2
    terms = loss(given, Hyper(beta=0.1))
    assert [terms[name].values.item() for name in ("value", "policy")] == pytest.approx([expected] * 2, rel=1e-12)


def test_a_step_per_token_is_oreo_on_tokens_and_one_step_is_oreo_on_responses():
    given, oreo = random_scores(METHOD), methods.get("oreo")
    steps = torch.arange(1.0, 7.0, dtype=torch.float64).expand(5, 1, 6)
    for numbers, level in ((steps, "token"), (torch.ones_like(steps), "response")):
        expected = oreo.loss(given, oreo.hyper(level=level))
        found = loss(stepped(given, numbers * given.policy.response), Hyper())
        torch.testing.assert_close(found["policy"].values, expected["policy"].values)
        torch.testing.assert_close(found["kl"].values, expected["kl"].values)
        if level == "token":
            torch.testing.assert_close(found["value"].values, expected["value"].values)
