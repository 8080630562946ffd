"""BideDPO in text."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.bidedpo_twin import METHOD, Hyper, advance, loss, start

from .toys import of_step, one_token, random_scores, some


def carrying(first: float, second: float) -> dict[str, torch.Tensor]:
    return {"first": torch.tensor(first, dtype=torch.float64), "second": torch.tensor(second, dtype=torch.float64)}


def scores(first: float, second: float) -> Scores:
    """Margins 1 and 0."""
    given = Scores(one_token(1.0, 0.0, 0.0, 0.0), one_token(*[0.0] * 4))
    return replace(given, _carried=carrying(first, second))


def test_by_hand():
    """Running losses 1 and 3: a quarter of softplus(-1) and three quarters of log 2."""
    given = scores(1.0, 3.0)
    expected = 0.25 * math.log1p(math.exp(-1)) + 0.75 * math.log(2)
    assert of_step(loss(given, Hyper(beta=1.0)), given.policy).item() == pytest.approx(expected, rel=1e-12)


def test_running_losses_follow_the_step():
    assert start(Hyper()) == {"first": math.log(2), "second": math.log(2)}
    made = advance(scores(1.0, 3.0), Hyper(beta=1.0, decay=0.5))
    assert made["first"].item() == pytest.approx((1 + math.log1p(math.exp(-1))) / 2, rel=1e-12)
    assert made["second"].item() == pytest.approx((3 + math.log(2)) / 2, rel=1e-12)


def test_equal_running_losses_are_half_of_dpo_on_each_pair():
    given, dpo = random_scores(METHOD), methods.get("dpo")
    found = loss(replace(given, _carried=carrying(0.3, 0.3)), Hyper())
    for place, term in ((0, "first"), (2, "second")):
        pairs = Scores(some(given.policy, [place, place + 1]), some(given.reference, [place, place + 1]))
        torch.testing.assert_close(found[term].values, dpo.loss(pairs, dpo.hyper()) / 2)
