"""DOVE."""

from __future__ import annotations

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.dpo_joint import METHOD, Hyper, loss

from .toys import random_logps, tokens


def test_by_hand():
    """Prompt and response tokens alike: 0.5 * ((-1 - 2 + 5) - (-3 - 1 + 4)) = 1."""
    scores = Scores(tokens([-1.0, -2.0], [-3.0, -1.0]), tokens([-2.0, -3.0], [-2.0, -2.0]))
    assert loss(scores, Hyper(beta=0.5)).item() == pytest.approx(0.313261687518, rel=1e-10)


def test_prompts_are_scored_and_equal_ones_cancel():
    """What two equal prompts add to both sides is gone, and DPO is left."""
    assert METHOD.scored == "all"
    policy, reference, dpo = random_logps(1), random_logps(2), methods.get("dpo")
    token, response = policy.token.clone(), policy.response.clone()
    token[..., 0] += -1.7  # the same prompt token on both sides
    found = loss(Scores(type(policy)(token, response), reference), Hyper())
    torch.testing.assert_close(found, dpo.loss(Scores(policy, reference), dpo.hyper()))
