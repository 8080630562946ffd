"""BCO with its shift."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods._reward_shift import advance, shift, start
from benchbench.methods.bco import Hyper, loss

from .test_kto import rows
from .toys import one_token


def carrying(scores, hyper, before=None):
    """The scores after the step's rewards were taken in."""
    values = before or {name: torch.tensor(value, dtype=torch.float64) for name, value in start(hyper).items()}
    return replace(scores, _carried=advance(replace(scores, _carried=values), hyper))


def test_by_hand():
    """Rewards 3, 1 and -2: half the means' sum is (2 - 2) / 2 = 0, the mean of all 2/3."""
    hyper, scores = Hyper(beta=1.0), rows([3.0, 1.0, -2.0], [1, 1, 0], [0.0] * 3)
    found = loss(carrying(scores, hyper), hyper)
    assert found.tolist() == pytest.approx([math.log(1 + math.exp(-r)) for r in (3, 1, 2)], rel=1e-12)
    pooled = Hyper(beta=1.0, shift="pooled")
    assert shift(carrying(scores, pooled), pooled).item() == pytest.approx(2 / 3, rel=1e-12)


def test_the_means_are_over_all_steps_so_far():
    """Two steps in either order leave the same sums and counts as one of both."""
    hyper = Hyper(beta=1.0)
    first, second = rows([3.0, 1.0], [1, 0], [0.0] * 2), rows([-1.0], [1], [0.0])
    one_way = carrying(second, hyper, dict(carrying(first, hyper)._carried))._carried
    other_way = carrying(first, hyper, dict(carrying(second, hyper)._carried))._carried
    at_once = carrying(rows([3.0, 1.0, -1.0], [1, 0, 1], [0.0] * 3), hyper)._carried
    assert one_way == other_way == at_once
    assert {name: value.item() for name, value in at_once.items()} == {
        "desirable": 2.0,
        "desirable_count": 2.0,
        "undesirable": 1.0,
        "undesirable_count": 1.0,
    }


@pytest.mark.parametrize("kind", ["half_means", "pooled"])
def test_a_class_that_was_not_seen_yet_counts_as_zero(kind):
    hyper = Hyper(beta=1.0, shift=kind)
    scores = carrying(rows([2.0], [1], [0.0]), hyper)
    assert shift(scores, hyper).item() == {"half_means": 1.0, "pooled": 2.0}[kind]


def test_pairs_are_refused():
    with pytest.raises(ValueError, match="K = 2"):
        loss(Scores(one_token(-1.0, -2.0), one_token(-1.0, -2.0)), Hyper())
