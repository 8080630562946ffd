"""TRPA."""

from __future__ import annotations

import math

import pytest
import torch

from benchbench import methods
from benchbench.core.scores import Scores
from benchbench.methods.trpa import METHOD, Hyper, loss, reward

from .toys import random_logps, tokens

POLICY, REFERENCE = random_logps(1), random_logps(2)


def levelled(policy, reference, *levels):
    return Scores(policy, reference, None, {"level": torch.tensor(levels, dtype=torch.float64)})


SUMS = tokens([-1.0, -3.0], [-4.0]), tokens([-4.0, -4.0], [-5.0])
"""Mean log-ratios 2 and 1."""


@pytest.mark.parametrize(("levels", "margin"), [([1, 2], 0.25), ([2, 4], 0.1)])
def test_by_hand(levels, margin):
    """0.1 * (2 - 1), times 2.5 where the chosen response is right."""
    assert loss(levelled(*SUMS, levels), Hyper()).item() == pytest.approx(math.log(1 + math.exp(-margin)), rel=1e-12)


def test_the_log_ratio_is_per_token():
    assert reward(levelled(*SUMS, [1, 2]), Hyper(beta=1.0)).tolist() == [[2.0, 1.0]]


def test_at_kappa_one_levels_do_not_matter():
    right, wrong = (loss(levelled(POLICY, REFERENCE, *[pair] * 5), Hyper(kappa=1.0)) for pair in ([1, 2], [3, 4]))
    torch.testing.assert_close(right, wrong)


def test_on_responses_of_one_token_it_is_dpo():
    dpo = methods.get("dpo")
    policy, reference = random_logps(1, length=1), random_logps(2, length=1)
    found = loss(levelled(policy, reference, *[[2, 3]] * 5), Hyper())
    torch.testing.assert_close(found, dpo.loss(Scores(policy, reference), dpo.hyper()))


def test_a_level_outside_one_to_four_is_refused_in_the_data():
    (column,) = METHOD.columns
    assert column.per == "candidate" and column.allows(1.0) and column.allows(4.0)
    assert not any(column.allows(wrong) for wrong in (0.0, 5.0, math.nan))
