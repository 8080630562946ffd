"""RLOO: the library's advantages, and the exact policy gradient by enumeration."""

from __future__ import annotations

import itertools
import json

import pytest
import torch

from benchbench.core.scores import Logps, Scores
from benchbench.methods.rloo import METHOD, Hyper, advantages, loss, watched
from tests.golden.drawn_rows import token_rows
from tests.golden.extract import LOSSES

from .toys import gradient, one_token, random_scores

CASES = {case["id"]: case for case in json.loads((LOSSES / "rloo.json").read_text("utf-8"))}


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("rloo.adv")])
def test_advantages_are_those_of_the_library(name):
    inputs, read = CASES[name]["inputs"], CASES[name]["hyper"]
    drawn, reference = (token_rows(inputs[f"{who}_token_logps"], 4) for who in ("old", "reference"))
    rewards = torch.tensor(inputs["reward"], dtype=torch.float64).reshape(-1, 4)
    floor, ceiling = read["reward_clip_range"] or (None, None)
    hyper = Hyper(
        kl_weight=read["beta"],
        normalize_advantages=read["normalize_advantages"],
        reward_floor=floor,
        reward_ceiling=ceiling,
    )
    found_advantages = advantages(Scores(drawn, reference, rewards, _behaviour=drawn), hyper)
    assert found_advantages.flatten().tolist() == pytest.approx(CASES[name]["value"], rel=1e-9, abs=1e-11)


# A policy over two tokens of a vocabulary of three, of which the last ends a response: every response is enumerated.

VOCABULARY, END, LENGTH = 3, 2, 2
RESPONSES = [
    ids
    for size in range(1, LENGTH + 1)
    for ids in itertools.product(range(VOCABULARY), repeat=size)
    if END not in ids[:-1] and (ids[-1] == END or size == LENGTH)
]


def logps_of(logits: torch.Tensor, group) -> Logps:
    """[1, K, 2] log-probabilities of a group of responses; the second token's depend on the first one."""
    rows = logits.log_softmax(dim=-1)  # [1 + V, V]: of the first token, and of the second after each first one
    token = torch.stack(
        [
            torch.stack([rows[0, ids[0]], rows[1 + ids[0], ids[1]] if len(ids) == 2 else rows.new_zeros(())])
            for ids in group
        ]
    )
    response = torch.tensor([[True, len(ids) == 2] for ids in group])
    return Logps(token[None], response[None])


def test_the_mean_gradient_is_the_exact_policy_gradient():
    """Over all groups of two responses, each with its probability, of reward less KL to the reference."""
    draws = torch.Generator().manual_seed(0)
    logits, anchor = (torch.randn(1 + VOCABULARY, VOCABULARY, generator=draws, dtype=torch.float64) for _ in range(2))
    rewards = torch.randn(len(RESPONSES), generator=draws, dtype=torch.float64)
    hyper = Hyper(kl_weight=0.3)
    probability = logps_of(logits, RESPONSES).sum()[0].exp()
    assert probability.sum().item() == pytest.approx(1)

    def objective(leaf):
        policy, reference = (logps_of(values, RESPONSES).sum()[0] for values in (leaf, anchor))
        return -(policy.exp() * (rewards - hyper.kl_weight * (policy - reference))).sum()

    def mean_loss(leaf):
        total = leaf.new_zeros(())
        for first, second in itertools.product(range(len(RESPONSES)), repeat=2):
            group = [RESPONSES[first], RESPONSES[second]]
            policy = logps_of(leaf, group)
            drawn = Logps(policy.token.detach(), policy.response)
            scores = Scores(policy, logps_of(anchor, group), rewards[[first, second]][None], _behaviour=drawn)
            total = total + probability[first] * probability[second] * loss(scores, hyper).sum()
        return total

    torch.testing.assert_close(gradient(mean_loss, logits), gradient(objective, logits), rtol=1e-9, atol=1e-12)


def test_by_hand():
    """Rewards 1 and 0 at the reference: advantages 1 and -1, ratio 1, gradient -A / K."""
    logps = one_token(-1.0, -2.0)
    scores = Scores(logps, logps, torch.tensor([[1.0, 0.0]], dtype=torch.float64), _behaviour=logps)
    assert advantages(scores, Hyper()).tolist() == [[1.0, -1.0]]
    assert loss(scores, Hyper()).item() == pytest.approx(0)
    assert watched(scores, Hyper())["online/clip_share"].tolist() == [0.0]

    def total(token):
        return loss(Scores(Logps(token, logps.response), logps, scores.reward, _behaviour=logps), Hyper()).sum()

    assert gradient(total, logps.token).flatten().tolist() == pytest.approx([-0.5, 0.5])


@pytest.mark.parametrize("normalised", [False, True])
def test_a_response_without_a_reward_teaches_nothing_and_is_in_no_mean(normalised):
    scores, hyper = random_scores(METHOD, candidates=4), Hyper(normalize_advantages=normalised)
    rewards = scores.reward.clone()
    rewards[:, 2] = float("nan")
    with_gap = advantages(Scores(scores.policy, scores.reference, rewards, _behaviour=scores.behaviour), hyper)
    rest = [0, 1, 3]

    def some(logps):
        return Logps(logps.token[:, rest], logps.response[:, rest])

    three = Scores(
        some(scores.policy), some(scores.reference), scores.reward[:, rest], _behaviour=some(scores.behaviour)
    )
    assert (with_gap[:, 2] == 0).all()
    torch.testing.assert_close(with_gap[:, rest], advantages(three, hyper))


def test_a_step_without_any_reward_moves_nothing():
    scores = random_scores(METHOD, candidates=4)
    unknown = torch.full_like(scores.reward, float("nan"))
    none = Scores(scores.policy, scores.reference, unknown, _behaviour=scores.behaviour)
    assert (advantages(none, Hyper(normalize_advantages=True)) == 0).all()


def test_equal_rewards_at_the_reference_move_nothing():
    scores = random_scores(METHOD, candidates=4)
    same = Scores(scores.policy, scores.policy, torch.ones_like(scores.reward), _behaviour=scores.policy)
    assert advantages(same, Hyper()).abs().max() < 1e-12


def test_normalised_advantages_couple_the_step():
    assert not METHOD.is_coupled(Hyper()) and METHOD.is_coupled(Hyper(normalize_advantages=True))


def test_it_is_on_policy():
    assert METHOD.on_policy


def test_a_floor_above_the_ceiling_is_refused():
    with pytest.raises(ValueError, match=r"reward_ceiling: expected more than reward_floor \(1\), got 0"):
        Hyper(reward_floor=1.0, reward_ceiling=0.0)
