"""Imitation."""

from __future__ import annotations

import torch

from benchbench import methods
from benchbench.core.method import Candidates
from benchbench.core.scores import Scores
from benchbench.methods.imitation import METHOD, Hyper, loss

from .toys import of_step, random_logps, random_scores, tokens


def test_by_hand():
    """Mean over the chosen tokens of -1 and -3, the rejected ones have no part."""
    scores = random_scores(METHOD, policy=tokens([-1.0, -3.0], [-9.0]), examples=1)
    assert of_step(loss(scores, Hyper()), scores.policy).item() == 2.0


def test_it_is_the_loss_of_sft():
    scores, sft = random_scores(METHOD), methods.get("sft")
    expected = sft.loss(scores, sft.hyper())["nll"]
    found = loss(scores, Hyper())["nll"]
    assert found.over is expected.over
    torch.testing.assert_close(found.values, expected.values)


def test_of_a_pair_the_golden_response_alone_is_read():
    assert METHOD.candidates is Candidates.ONE and METHOD.needs == frozenset()
    both = random_logps(1)
    alone = type(both)(both.token[:, :1], both.response[:, :1])
    assert torch.equal(loss(Scores(both), Hyper())["nll"].values, loss(Scores(alone), Hyper())["nll"].values)
