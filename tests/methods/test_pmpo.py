"""PMPO."""

from __future__ import annotations

import pytest
import torch

from benchbench.core.scores import Scores
from benchbench.methods.pmpo import Hyper, loss

from .test_kto import rows
from .toys import one_token


def diverging(logps, labels, divergence=0.0):
    scores = rows(logps, labels, [0.0] * len(logps))
    values = torch.full_like(scores.policy.token, divergence)
    return Scores(scores.policy, None, None, scores._column, _distribution=values)


def test_by_hand():
    """Accepted -1 and -3 of mean -2, rejected -8: 0.5 * 2 - 0.5 * 8 + 0.5 * 0.2."""
    found = loss(diverging([-1.0, -3.0, -8.0], [1, 1, 0], 0.2), Hyper()).mean().item()
    assert found == pytest.approx(1 - 4 + 0.1, rel=1e-12)


def test_how_many_there_are_of_a_kind_does_not_matter():
    few, many = (diverging([-1.0, *[-8.0] * count], [1, *[0] * count]) for count in (1, 7))
    assert loss(few, Hyper()).mean().item() == pytest.approx(loss(many, Hyper()).mean().item(), rel=1e-12)


@pytest.mark.parametrize(("label", "value"), [(1, 0.5 * 2.0), (0, -0.5 * 2.0)])
def test_either_kind_may_be_missing(label, value):
    assert loss(diverging([-1.0, -3.0], [label] * 2), Hyper()).mean().item() == pytest.approx(value, rel=1e-12)


def test_accepted_responses_alone_are_maximum_likelihood():
    """At alpha = 1 rejected ones are in the divergence and nowhere else."""
    found = loss(diverging([-1.0, -8.0], [1, 0]), Hyper(alpha=1.0))
    assert found.tolist() == [2.0, 0.0]


def test_pairs_are_refused():
    with pytest.raises(ValueError, match="K = 2"):
        loss(Scores(one_token(-1.0, -2.0)), Hyper())
