"""P3O."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench.core.scores import Logps, Scores
from benchbench.methods.p3o import METHOD, Hyper, loss

from .games import FIRST, SECOND
from .toys import gradient, one_token, random_logps

POLICY, ANCHOR, OLD = random_logps(1), random_logps(2), random_logps(3)
REWARD = torch.randn((5, 2), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
FORMS = pytest.mark.parametrize("clip", ["joint", "separate"])


def test_the_joint_form_by_hand():
    """Gain 3, log-ratios 0.5 and 0.25: -1/2 exp(0.75) * 3 * 0.2, since 0.25 is beyond the clip."""
    old = one_token(-1.0, -2.0)
    scores = Scores(one_token(-0.5, -1.75), old, torch.tensor([[4.0, 1.0]]), _previous=old)
    assert loss(scores, Hyper(beta=0.0)).item() == pytest.approx(-0.5 * math.exp(0.75) * 0.6, rel=1e-12)


def test_the_separate_form_by_hand():
    """Gain 3, ratios 1.5 and 0.9: the first is clipped to 1.2; the second, of gain -3, is not."""
    old = one_token(0.0, 0.0)
    policy = one_token(math.log(1.5), math.log(0.9))
    scores = Scores(policy, old, torch.tensor([[4.0, 1.0]]), _previous=old)
    expected = -0.5 * (0.9 * 3 * 1.2 + 1.5 * -3 * 0.9)
    assert loss(scores, Hyper(beta=0.0, clip="separate")).item() == pytest.approx(expected, rel=1e-9)


@FORMS
def test_what_is_added_to_both_rewards_of_a_prompt_changes_nothing(clip):
    hyper = Hyper(clip=clip)
    scores = Scores(POLICY, ANCHOR, REWARD, _previous=OLD)
    shifted = replace(scores, _reward=REWARD + torch.arange(5.0, dtype=torch.float64)[:, None])
    torch.testing.assert_close(loss(shifted, hyper), loss(scores, hyper))


@FORMS
def test_where_the_round_starts_the_gradient_is_half_the_reward_difference(clip):
    """-1/2 (r_1 - r_2) grad(S_1 - S_2), r less beta times the log-ratio to the reference."""

    def total(token):
        return loss(Scores(Logps(token, OLD.response), ANCHOR, REWARD, _previous=OLD), Hyper(clip=clip)).sum()

    rewards = REWARD - 0.1 * (OLD.sum() - ANCHOR.sum())
    gain = rewards[:, 0] - rewards[:, 1]
    sides = torch.stack([-0.5 * gain, 0.5 * gain], dim=1)
    torch.testing.assert_close(gradient(total, OLD.token) * OLD.response, sides[..., None] * OLD.response)


@FORMS
def test_on_a_bandit_the_mean_gradient_is_the_policy_gradient(clip):
    """Of the expected reward less beta times the KL, over pairs of three arms from the policy itself."""
    logits, reward = torch.tensor([0.4, -0.3, 0.1], dtype=torch.float64), torch.tensor([1.0, -0.5, 0.25]).double()
    old, reference = logits.log_softmax(dim=0), torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64).log()

    def of(logp):
        token = torch.stack([logp[FIRST], logp[SECOND]], dim=1)[..., None]
        return Logps(token, torch.ones_like(token, dtype=torch.bool))

    def total(leaf):
        pairs = torch.stack([reward[FIRST], reward[SECOND]], dim=1)
        scores = Scores(of(leaf.log_softmax(dim=0)), of(reference), pairs, _previous=of(old))
        return (old.exp()[FIRST] * old.exp()[SECOND] * loss(scores, Hyper(beta=0.3, clip=clip))).sum()

    def objective(leaf):
        policy = leaf.log_softmax(dim=0)
        return -(policy.exp() * (reward - 0.3 * (policy - reference))).sum()

    torch.testing.assert_close(gradient(total, logits), gradient(objective, logits), rtol=1e-9, atol=1e-12)


@FORMS
def test_beyond_the_clip_a_better_response_has_no_gradient(clip):
    """The preferred one is e times likelier than when it was drawn, the other as likely."""

    def total(token):
        ones = torch.ones_like(token, dtype=torch.bool)
        old = Logps(torch.zeros_like(token), ones)
        scores = Scores(Logps(token, ones), old, torch.tensor([[1.0, 0.0]]).double(), _previous=old)
        return loss(scores, Hyper(beta=0.0, clip=clip)).sum()

    slope = gradient(total, torch.tensor([[[1.0], [0.0]]], dtype=torch.float64))
    assert slope[0, 0, 0] == 0


def test_it_is_on_policy_and_marked_unverified():
    assert METHOD.on_policy and METHOD.marks == ("form unverified",)
