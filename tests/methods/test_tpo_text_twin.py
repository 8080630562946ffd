"""Prompt-side preferences in text."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.tpo_text_twin import METHOD, Hyper, loss

from .toys import random_scores, tokens


def test_by_hand():
    """One response after two prompts: log-ratios 1.5 and -0.5, at beta 0.5 a margin of 1."""
    scores = Scores(tokens([-0.5, -1.0], [-2.0, -2.0]), tokens([-1.0, -2.0], [-1.5, -2.0]))
    assert loss(scores, Hyper(beta=0.5)).item() == pytest.approx(0.313261687518, rel=1e-10)


def test_equal_prompts_say_nothing():
    scores = Scores(tokens([-0.5, -1.0], [-0.5, -1.0]), tokens([-1.0, -2.0], [-1.0, -2.0]))
    assert loss(scores, Hyper()).item() == pytest.approx(math.log(2), rel=1e-12)


def test_in_the_loss_it_is_dpo_whose_pairs_are_other_ones():
    scores, dpo = random_scores(METHOD), methods.get("dpo")
    torch.testing.assert_close(loss(scores, Hyper()), dpo.loss(scores, dpo.hyper()))
