"""Continued SFT."""

from __future__ import annotations

import torch

from benchbench import methods
from benchbench.core.method import Candidates
from benchbench.core.scores import Scores
from benchbench.methods.continued_sft import METHOD, Hyper, loss

from .toys import random_logps


def test_it_is_the_loss_of_sft_to_the_bit():
    scores, sft = Scores(random_logps(1)), methods.get("sft")
    (found,), (expected,) = loss(scores, Hyper()).values(), sft.loss(scores, sft.hyper()).values()
    assert torch.equal(found.values, expected.values) and found.over is expected.over


def test_of_a_pair_the_golden_response_alone_is_read():
    assert METHOD.candidates is Candidates.ONE and METHOD.needs == frozenset()
    both = random_logps(1)
    alone = type(both)(both.token[:, :1], both.response[:, :1])
    assert torch.equal(loss(Scores(both), Hyper())["nll"].values, loss(Scores(alone), Hyper())["nll"].values)
