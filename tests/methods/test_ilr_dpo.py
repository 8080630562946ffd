"""iLR-DPO."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Logps, Scores
from benchbench.methods.ilr_dpo import METHOD, Hyper, loss, reward

from .toys import gradient, random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)


def test_by_hand():
    """Margin 0.1 * 20 = 2, and the chosen response is two tokens shorter: 2 - 0.5 * 2 = 1."""
    scores = Scores(tokens([20.0], [0.0, 0.0, 0.0]), tokens([0.0], [0.0, 0.0, 0.0]))
    assert loss(scores, Hyper(alpha=0.5)).item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-12)


def test_without_the_length_margin_it_is_dpo():
    dpo, scores = methods.get("dpo"), Scores(POLICY, REFERENCE)
    torch.testing.assert_close(loss(scores, Hyper(alpha=0.0)), dpo.loss(scores, dpo.hyper()))


def test_the_longer_the_chosen_response_the_less_a_pair_teaches():
    """The sign: at the reference, chosen of 1 to 5 tokens against a rejected one of 3."""
    slopes = []
    for length in range(1, 6):
        policy = tokens([-1.0] * length, [-1.0] * 3)

        def of(token, policy=policy):
            return loss(Scores(Logps(token, policy.response), policy), Hyper(alpha=0.1)).sum()

        slopes.append(-gradient(of, policy.token)[0, 0, 0].item())
    assert all(shorter > longer for shorter, longer in pairwise(slopes)) and slopes[2] == pytest.approx(0.05)


def test_the_opposite_sign_would_give_the_fixture_another_value():
    """Calculated independently with alpha 0.02: 0.673347; with the sign turned it would be 0.634946."""
    policy = tokens([-0.5, -1.0, -0.2, -0.8], [-1.2, -0.7, -0.9, -0.3, -1.5, -0.4])
    reference = tokens([-0.6, -0.9, -0.4, -1.1], [-1.0, -0.8, -0.7, -0.5, -1.1, -0.6])
    assert loss(Scores(policy, reference), Hyper()).item() == pytest.approx(0.673347167228, rel=1e-10)


def test_the_reward_leaves_the_length_out():
    dpo, scores = methods.get("dpo"), Scores(POLICY, REFERENCE)
    torch.testing.assert_close(reward(scores, Hyper()), dpo.reward(scores, dpo.hyper()))


def test_its_form_is_marked_unverified():
    assert METHOD.marks == ("form unverified",)
