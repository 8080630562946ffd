"""PPO: the library's rewards, returns, advantages, losses and gradients; the exact policy gradient; its critic."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from benchbench.core import policy_gradient as pg
from benchbench.core.scores import Logps, Scores
from benchbench.methods.ppo import METHOD, Hyper, advantages, loss, targets, watched
from benchbench.shaping import t_ppo
from tests.golden.extract import LOSSES

from .toys import gradient, of_step, one_token, random_scores, tokens

CASES = {case["id"]: case for case in json.loads((LOSSES / "ppo.json").read_text("utf-8"))}
MADE = [name for name in CASES if not name.startswith("ppo.loss")]


class Library:
    """A case's numbers with the library's masks: the score stands behind the last token where there is room."""

    def __init__(self, case):
        inputs, hyper = case["inputs"], case["hyper"]
        width = inputs["response_width"]
        last = torch.tensor(inputs["last_token_index"])[:, None]
        places = torch.arange(width)
        self.response = places <= last
        self.valued = places <= last + 1
        ends = places == (last + 1).clamp(max=width - 1)
        self.drawn, reference = (self.rows(inputs[f"{who}_token_logps"]) for who in ("policy", "reference"))
        self.values = self.rows(inputs["value"], self.valued)
        score = torch.tensor(inputs["score"], dtype=torch.float64)
        kl = advantages.divergence(self.drawn, reference, hyper["kl_estimator"]) * self.response
        self.rewards = advantages.token_rewards(score, kl, ends, hyper["kl_coef"])
        if hyper["whiten_rewards"]:
            self.rewards = advantages.whitened(self.rewards, self.valued, shift=False)
        raw = advantages.generalised_advantages(self.rewards, self.values, gamma=hyper["gamma"], lam=hyper["lam"])
        self.returns = raw + self.values
        self.advantages = advantages.whitened(raw, self.response, shift=True)

    def rows(self, values, mask=None):
        """[B, T] in float64, zero off the mask."""
        return torch.tensor(values, dtype=torch.float64) * (self.response if mask is None else mask)

    def losses(self, policy, values, hyper):
        """The policy's mean over drawn tokens, and the critic's over valued ones."""
        ours = advantages.policy_loss((policy - self.drawn) * self.response, self.advantages, hyper["cliprange"])
        error = advantages.value_loss(values, self.values, self.returns, hyper["cliprange_value"])
        return (ours * self.response).sum() / self.response.sum(), (error * self.valued).sum() / self.valued.sum()


@pytest.mark.parametrize("name", MADE)
def test_rewards_returns_and_advantages_are_those_of_the_library(name):
    case = CASES[name]
    made = getattr(Library(case), case["quantity"])
    if case["quantity"] == "returns":  # the library's are zero where nothing was drawn and nothing is valued
        made = made * Library(case).valued
    torch.testing.assert_close(made, torch.tensor(case["value"], dtype=torch.float64), rtol=1e-9, atol=1e-11)


def test_both_losses_and_their_gradients_are_those_of_the_library():
    case = CASES["ppo.loss.total"]
    library, inputs, hyper = Library(case), case["inputs"], case["hyper"]
    policy = library.rows(inputs["new_policy_token_logps"]).requires_grad_()
    values = library.rows(inputs["new_value"], library.valued).requires_grad_()
    of_policy, of_critic = library.losses(policy, values, hyper)
    assert of_policy.item() == pytest.approx(CASES["ppo.loss.policy"]["value"], rel=1e-9)
    assert of_critic.item() == pytest.approx(CASES["ppo.loss.value"]["value"], rel=1e-9)
    total = of_policy + hyper["vf_coef"] * of_critic
    assert total.item() == pytest.approx(case["value"], rel=1e-9)
    slopes = torch.autograd.grad(total, (policy, values))
    for slope, name in zip(slopes, ("policy", "value"), strict=True):
        expected = torch.tensor(case["grad"][name], dtype=torch.float64)
        torch.testing.assert_close(slope, expected, rtol=case["grad"]["tolerance_rel"], atol=1e-12)


def test_the_method_is_what_those_functions_are_with_the_score_on_the_last_token():
    """Of responses of one to six tokens, against a loop over each response."""
    scores, hyper = random_scores(METHOD, 3, candidates=3), Hyper(kl_weight=0.2, gamma=0.9, lam=0.8)
    mask, whitened, returns = targets(scores, hyper)
    assert (mask == scores.policy.response).all()
    raw = torch.zeros_like(returns)
    for b, k in [(b, k) for b in range(raw.shape[0]) for k in range(raw.shape[1])]:
        length = int(mask[b, k].sum())
        kl = (scores.behaviour.token - scores.reference.token)[b, k, :length]
        rewards = -0.2 * kl
        rewards[-1] += scores.reward[b, k]
        options = t_ppo.Options(gamma=0.9, lam=0.8)
        values = scores.value[b, k, :length]
        raw[b, k, :length] = torch.from_numpy(
            t_ppo.advantages(rewards.numpy(), values.numpy(), ended=True, options=options)
        )
    torch.testing.assert_close(returns, raw + scores.value)
    counted = raw[mask]
    torch.testing.assert_close(whitened[mask], (counted - counted.mean()) / (counted.var() + 1e-8).sqrt())
    assert (whitened[~mask] == 0).all()


def test_by_hand():
    """Two responses of a token, rewards 1 and 0, values 0: whitened advantages +-1/sqrt 2, ratio 1."""
    logps = one_token(-1.0, -2.0)
    zero = torch.zeros(1, 2, 1, dtype=torch.float64)
    reward = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    scores = Scores(logps, logps, reward, _behaviour=logps, _value=zero, _head=zero[..., None])
    half = 0.5**0.5
    assert targets(scores, Hyper())[1].flatten().tolist() == pytest.approx([half, -half], rel=1e-6)
    assert targets(scores, Hyper())[2].flatten().tolist() == [1.0, 0.0]
    terms = loss(scores, Hyper())
    assert terms["policy"].values.item() == pytest.approx(0)
    assert terms["value"].values.item() == pytest.approx(0.1 * 0.5 * 1)
    assert watched(scores, Hyper())["online/clip_share"].tolist() == [0.0]

    def total(token):
        return loss(replace(scores, policy=Logps(token, logps.response)), Hyper())["policy"].values.sum()

    assert gradient(total, logps.token).flatten().tolist() == pytest.approx([-half, half], rel=1e-6)


def test_a_value_that_went_far_towards_its_return_teaches_nothing_more():
    logps = one_token(-1.0)
    zero = torch.zeros(1, 1, 1, dtype=torch.float64)
    scores = Scores(logps, logps, torch.tensor([[1.0]], dtype=torch.float64), _behaviour=logps, _value=zero)

    def slope(value):
        at = torch.full((1, 1, 1, 1), value, dtype=torch.float64)
        return gradient(lambda head: loss(replace(scores, _head=head), Hyper())["value"].values.sum(), at).item()

    assert slope(0.1) < 0 and slope(0.3) == 0


def test_a_response_without_a_reward_teaches_nothing_and_is_in_no_mean():
    scores = random_scores(METHOD, candidates=4)
    rewards = scores.reward.clone()
    rewards[:, 2] = float("nan")
    with_gap = targets(replace(scores, _reward=rewards), Hyper())
    rest = [0, 1, 3]

    def some(values):
        return Logps(values.token[:, rest], values.response[:, rest]) if isinstance(values, Logps) else values[:, rest]

    names = ("policy", "_reference", "_behaviour", "_reward", "_value", "_head")
    three = replace(scores, **{name: some(getattr(scores, name)) for name in names})
    assert (with_gap[1][:, 2] == 0).all() and not with_gap[0][:, 2].any()
    torch.testing.assert_close(with_gap[1][:, rest], targets(three, Hyper())[1])


def test_a_step_without_any_reward_moves_nothing():
    scores = random_scores(METHOD, candidates=2)
    none = replace(scores, _reward=torch.full_like(scores.reward, float("nan")))
    slope = gradient(
        lambda token: of_step(loss(replace(none, policy=Logps(token, none.policy.response)), Hyper()), none.policy),
        none.policy.token,
    )
    assert (slope == 0).all()


def test_without_critic_and_decay_it_is_reinforce_on_whitened_rewards():
    """Values 0, lam 1, no KL: every token of a response has the response's reward as its advantage."""
    policy = tokens([-1.0, -0.5, -0.2], [-0.3])
    zero = torch.zeros_like(policy.token)
    reward = torch.tensor([[2.0, -1.0]], dtype=torch.float64)
    scores = Scores(policy, policy, reward, _behaviour=policy, _value=zero, _head=zero[..., None])
    whole = targets(scores, Hyper(kl_weight=0.0, lam=1.0))[1]
    each = torch.tensor([2.0, 2.0, 2.0, -1.0], dtype=torch.float64)
    expected = (each - each.mean()) / (each.var() + 1e-8).sqrt()
    torch.testing.assert_close(whole[policy.response], expected)


def test_the_ratio_is_clipped_token_by_token():
    logs = torch.tensor([0.5, -0.5, 0.1], dtype=torch.float64)
    up, down = (advantages.policy_loss(logs, torch.full_like(logs, sign), 0.2) for sign in (1.0, -1.0))
    ratios = pg.ratio(logs).tolist()
    assert up.tolist() == pytest.approx([-1.2, -ratios[1], -ratios[2]])
    assert down.tolist() == pytest.approx([ratios[0], 0.8, ratios[2]])


def test_it_is_on_policy_and_sees_the_step():
    assert METHOD.on_policy and METHOD.is_coupled(Hyper())


@pytest.mark.parametrize("wrong", [{"gamma": 1.1}, {"lam": -0.1}, {"kl_estimator": "k2"}, {"value_rate": 0.0}])
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Hyper(**wrong)
