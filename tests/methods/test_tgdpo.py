"""TGDPO."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores, UndeclaredInputError
from benchbench.methods.tgdpo import METHOD, Hyper, loss

from .toys import random_logps, tokens

POLICY, REFERENCE, GUIDE = (random_logps(seed) for seed in (1, 2, 3))


def guided(policy=POLICY, reference=REFERENCE, guide=GUIDE):
    return Scores(policy, reference, _anchors={"guide": guide})


def test_by_hand():
    """Token ratios 1, 1 and 2; the guide's are 1, -1 and 0.5: (1.5 + 0.5) - 0.75 * 2 = 0.5."""
    scores = guided(tokens([0.0, 0.0], [0.0]), tokens([-1.0, -1.0], [-2.0]), tokens([0.0, -2.0], [-1.5]))
    assert loss(scores, Hyper(beta=1.0)).item() == pytest.approx(math.log(1 + math.exp(-0.5)), rel=1e-12)


def test_without_weight_or_with_the_reference_as_guide_it_is_dpo():
    dpo = methods.get("dpo")
    expected = dpo.loss(Scores(POLICY, REFERENCE), dpo.hyper())
    torch.testing.assert_close(loss(guided(), Hyper(alpha=0.0)), expected)
    torch.testing.assert_close(loss(guided(guide=REFERENCE), Hyper()), expected)


def test_a_token_that_the_guide_disfavours_by_far_is_pushed_down_in_the_chosen_response():
    """Below -1 / (alpha beta) = -20 nats the factor is negative; it is not clipped."""
    token = tokens([-1.0, -1.0], [-1.0]).token.requires_grad_()
    policy = replace(tokens([-1.0, -1.0], [-1.0]), token=token)
    scores = guided(policy, tokens([-1.0, -1.0], [-1.0]), tokens([-31.0, -1.0], [-1.0]))
    (slope,) = torch.autograd.grad(loss(scores, Hyper()).sum(), token)
    assert slope[0, 0, 0] > 0 > slope[0, 0, 1]


def test_it_reads_one_anchor_by_its_name():
    need = METHOD.need("anchors")
    assert need is not None and need.option("names") == "guide"
    with pytest.raises(UndeclaredInputError, match="anchor 'guide'"):
        loss(Scores(POLICY, REFERENCE, _anchors={"another": GUIDE}), Hyper())
