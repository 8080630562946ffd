"""DDO-RM."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from benchbench.core.scores import Logps, Scores
from benchbench.methods.ddo_rm import METHOD, Hyper, loss, reward

from .toys import gradient, one_token, random_scores, tokens


def scored(score, given):
    """Scores whose K candidates have the given mean log-probabilities, in responses of 1, 2, 3, 1, ... tokens."""
    lengths = 1 + torch.arange(score.shape[-1]) % 3
    response = (torch.arange(3) < lengths[:, None]).expand(*score.shape, 3)
    return Scores(Logps(torch.where(response, score[..., None], 0.0), response), None, given)


def reference_loss(score, given, *, eta, tau, target=None):
    """The formula in numpy, one prompt at a time; `target` replaces q."""

    def softmax(z):
        shifted = np.exp(z - z.max())
        return shifted / shifted.sum()

    found = []
    for i, (s, r) in enumerate(zip(score, given, strict=True)):
        p = softmax(s / tau)
        q = softmax((s + eta * (r - (p * r).sum())) / tau) if target is None else target[i]
        found.append(-(q * np.log(p)).sum())
    return np.array(found)


def reference_target(score, given, *, eta, tau):
    z = (score + eta * given) / tau
    z = np.exp(z - z.max(axis=1, keepdims=True))
    return z / z.sum(axis=1, keepdims=True)


def test_by_hand():
    """Scores log 3 apart: p = (3/4, 1/4). Rewards 0 and log 3 give q = (1/2, 1/2): log(4/3) / 2 + log(4) / 2."""
    scores = Scores(one_token(-1.0, -1.0 - math.log(3)), None, torch.tensor([[0.0, math.log(3)]], dtype=torch.float64))
    assert loss(scores, Hyper()).item() == pytest.approx((math.log(4 / 3) + math.log(4)) / 2, rel=1e-12)


def test_the_slope_by_hand():
    """Equal scores, rewards log 3 and 0: p - q = 1/2 - 3/4; at equal scores the released form agrees."""
    given = torch.tensor([[math.log(3), 0.0]], dtype=torch.float64)
    for target_grad in (False, True):
        slope = gradient(
            lambda s, on=target_grad: loss(scored(s, given), Hyper(target_grad=on)).sum(),
            torch.tensor([[-1.0, -1.0]], dtype=torch.float64),
        )
        torch.testing.assert_close(slope, torch.tensor([[-0.25, 0.25]], dtype=torch.float64))


def test_scores_are_means_over_tokens():
    """Two tokens of -1 count as one: a sum would change p."""
    given = torch.tensor([[1.0, 0.0]])
    long, short = (Scores(policy, None, given) for policy in (tokens([-1.0, -1.0], [-2.0]), tokens([-1.0], [-2.0])))
    torch.testing.assert_close(loss(long, Hyper()), loss(short, Hyper()))
    assert reward(long, Hyper()).tolist() == [[-1.0, -2.0]]


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    constant=st.floats(-50, 50),
    candidates=st.sampled_from([2, 4, 8]),
    target_grad=st.booleans(),
)
def test_a_constant_added_to_the_rewards_of_a_prompt_changes_nothing(seed, constant, candidates, target_grad):
    """Neither loss nor gradient: a softmax does not see a constant, and neither does the centring."""
    scores, hyper = random_scores(METHOD, seed, candidates=candidates), Hyper(target_grad=target_grad)
    score = scores.policy.mean()
    torch.testing.assert_close(
        loss(scored(score, scores.reward + constant), hyper), loss(scored(score, scores.reward), hyper)
    )
    shifted, plain = (
        gradient(lambda s, given=given: loss(scored(s, given), hyper).sum(), score)
        for given in (scores.reward + constant, scores.reward)
    )
    torch.testing.assert_close(shifted, plain, rtol=1e-8, atol=1e-11)


@settings(max_examples=30, deadline=None)
@given(gap=st.floats(-4, 4), advantage=st.floats(-4, 4))
def test_the_gradient_of_a_pair_has_its_closed_form(gap, advantage):
    """K = 2, eta = tau = 1, m = s1 - s2: p - q with the target fixed, (p - q) - q (1 - q) m with it not."""
    p, q = 1 / (1 + math.exp(-gap)), 1 / (1 + math.exp(-gap - advantage))
    given = torch.tensor([[advantage, 0.0]], dtype=torch.float64)
    for target_grad, expected in ((False, p - q), (True, (p - q) - q * (1 - q) * gap)):
        slope = gradient(
            lambda s, on=target_grad: loss(scored(s, given), Hyper(target_grad=on)).sum(),
            torch.tensor([[gap - 5, -5.0]], dtype=torch.float64),
        )
        torch.testing.assert_close(
            slope, torch.tensor([[expected, -expected]], dtype=torch.float64), rtol=1e-9, atol=1e-12
        )


@pytest.mark.parametrize("candidates", [2, 4, 8])
@pytest.mark.parametrize("target_grad", [False, True])
def test_finite_differences_of_an_independent_formula(candidates, target_grad):
    """Central differences in numpy; with the target fixed, the target of the unperturbed scores is held."""
    scores = random_scores(METHOD, 7, candidates=candidates, examples=3)
    score, given = scores.policy.mean().numpy(), scores.reward.numpy()
    hyper = Hyper(eta=0.7, tau=1.3, target_grad=target_grad)
    knobs = {"eta": hyper.eta, "tau": hyper.tau}
    torch.testing.assert_close(loss(scores, hyper).numpy(), reference_loss(score, given, **knobs), rtol=1e-12, atol=0)

    held = None if target_grad else reference_target(score, given, **knobs)
    numeric, step = np.zeros_like(score), 1e-5
    for index in np.ndindex(score.shape):
        up, down = score.copy(), score.copy()
        up[index] += step
        down[index] -= step
        difference = reference_loss(up, given, target=held, **knobs) - reference_loss(down, given, target=held, **knobs)
        numeric[index] = difference.sum() / (2 * step)
    slope = gradient(lambda s: loss(scored(s, scores.reward), hyper).sum(), torch.from_numpy(score))
    torch.testing.assert_close(slope.numpy(), numeric, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("given", ["constant rewards", "no step"])
def test_without_news_the_paper_form_stays_and_the_released_form_sharpens(given):
    """Q = p: zero gradient with the target fixed; without, that of the policy's entropy, so the favourite gains."""
    score = torch.tensor([[-1.0, -2.0, -3.0]], dtype=torch.float64)
    rewards = torch.tensor([[2.0, 2.0, 2.0] if given == "constant rewards" else [3.0, 0.0, 1.0]], dtype=torch.float64)
    eta = 1.0 if given == "constant rewards" else 0.0

    def slope(target_grad):
        return gradient(lambda s: loss(scored(s, rewards), Hyper(eta=eta, target_grad=target_grad)).sum(), score)

    assert slope(False).abs().max() < 1e-12
    assert slope(True)[0, 0] < -0.1


def test_the_gradient_sums_to_zero_over_the_candidates():
    scores = random_scores(METHOD, 3, candidates=4)
    for target_grad in (False, True):
        slope = gradient(
            lambda s, on=target_grad: loss(scored(s, scores.reward), Hyper(target_grad=on)).sum(), scores.policy.mean()
        )
        assert slope.abs().max() > 1e-3
        torch.testing.assert_close(slope.sum(dim=-1), torch.zeros(5, dtype=torch.float64), rtol=0, atol=1e-12)


def test_a_huge_step_chooses_the_best_reward():
    """Eta to infinity: the loss is -log p of the candidate with the largest reward."""
    score = torch.tensor([[-1.0, -2.0, -3.0]], dtype=torch.float64)
    found = loss(scored(score, torch.tensor([[0.0, 0.1, 5.0]], dtype=torch.float64)), Hyper(eta=1e4))
    torch.testing.assert_close(found, -score.log_softmax(dim=-1)[:, 2])
