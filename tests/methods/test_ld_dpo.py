"""LD-DPO."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.ld_dpo import Hyper, loss, reward

from .toys import random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)
SCORES = Scores(tokens([-1.0, -2.0], [-3.0, -1.0, -4.0, -6.0]), tokens([-2.0, -2.0], [-3.0, -3.0, -3.0, -3.0]))
"""Shared length 2. Log-ratios: chosen 1 + 0; rejected 0 + 2, and -1 - 3 beyond."""


def test_by_hand():
    """Chosen 1, rejected 2 - 4 / 2 = 0: a margin of 0.5 * 1."""
    found = loss(SCORES, Hyper(beta=0.5, alpha=0.5))
    assert found.item() == pytest.approx(math.log(1 + math.exp(-0.5)), rel=1e-12)
    assert reward(SCORES, Hyper(beta=0.5, alpha=0.5)).tolist() == [[0.5, 0.0]]


def test_at_alpha_one_it_is_dpo():
    dpo, scores = methods.get("dpo"), Scores(POLICY, REFERENCE)
    torch.testing.assert_close(loss(scores, Hyper(alpha=1.0)), dpo.loss(scores, dpo.hyper()))


def test_at_alpha_zero_what_is_beyond_the_shorter_response_does_not_count():
    cut = Scores(tokens([-1.0, -2.0], [-3.0, -1.0]), tokens([-2.0, -2.0], [-3.0, -3.0]))
    torch.testing.assert_close(loss(SCORES, Hyper(alpha=0.0)), loss(cut, Hyper(alpha=0.0)))


def test_responses_of_equal_length_have_nothing_beyond():
    scores = Scores(tokens([-1.0, -2.0], [-3.0, -1.0]), tokens([-2.0, -2.0], [-3.0, -3.0]))
    torch.testing.assert_close(loss(scores, Hyper(alpha=0.0)), loss(scores, Hyper(alpha=1.0)))


def test_positions_count_response_tokens_wherever_the_response_begins():
    """The same pair behind two places that belong to no response."""

    def shifted(logps):
        return Logps(
            torch.nn.functional.pad(logps.token, (2, 0)), torch.nn.functional.pad(logps.response, (2, 0), value=False)
        )

    behind = Scores(shifted(SCORES.policy), shifted(SCORES.reference))
    torch.testing.assert_close(loss(behind, Hyper()), loss(SCORES, Hyper()))


def test_the_reference_is_weighted_too():
    """Policy-only weighting, a defect of TRL up to 0.28, would give the fixture 0.700675 instead of 0.658760."""
    policy = tokens([-0.5, -1.0, -0.2, -0.8], [-1.2, -0.7, -0.9, -0.3, -1.5, -0.4])
    reference = tokens([-0.6, -0.9, -0.4, -1.1], [-1.0, -0.8, -0.7, -0.5, -1.1, -0.6])
    assert loss(Scores(policy, reference), Hyper()).item() == pytest.approx(0.658759555549, rel=1e-10)


def test_a_weight_above_one_is_refused():
    with pytest.raises(ValueError, match=r"alpha: expected a number in \[0, 1\], got 1.5"):
        Hyper(alpha=1.5)
