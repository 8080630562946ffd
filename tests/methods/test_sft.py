"""SFT."""

from __future__ import annotations

import torch

from benchbench.core.method import Over
from benchbench.core.scores import Logps, Scores
from benchbench.methods.sft import Hyper, loss, reward

from .toys import gradient, of_step, tokens


def two_demonstrations(token=None):
    """One response of 1 token and one of 3, log-probabilities -4 and -1, -2, -3."""
    first, second = tokens([-4.0]), tokens([-1.0, -2.0, -3.0])
    padded = torch.nn.functional.pad(first.token, (0, 2))
    response = torch.cat([torch.nn.functional.pad(first.response, (0, 2)), second.response])
    return Logps(torch.cat([padded, second.token]) if token is None else token, response)


def test_by_hand():
    """4 + (1 + 2 + 3) nats over 1 + 3 tokens is 2.5 nats per token; a mean of means would be 3."""
    policy = two_demonstrations()
    found = loss(Scores(policy), Hyper())
    assert found["nll"].over is Over.CHOSEN_TOKENS
    torch.testing.assert_close(found["nll"].values, torch.tensor([4.0, 6.0], dtype=torch.float64))
    assert of_step(found, policy).item() == 2.5


def test_every_response_token_weighs_the_same():
    """The gradient is -1/4 on each of the four tokens."""
    policy = two_demonstrations()
    slope = gradient(lambda token: of_step(loss(Scores(two_demonstrations(token)), Hyper()), policy), policy.token)
    assert slope[policy.response].tolist() == [-0.25] * 4


def test_the_reward_is_the_mean_log_probability():
    assert reward(Scores(two_demonstrations()), Hyper()).tolist() == [[-4.0], [-2.0]]
