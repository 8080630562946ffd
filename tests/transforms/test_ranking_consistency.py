"""ranking_consistency."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from benchbench.data.rank_agreement import consistency

from .toys import several, transformed


def test_by_hand():
    """Of three pairs of candidates, (1, 2, 3) and (1, 3, 2) rank two alike; reversed rankings rank none alike."""
    assert consistency((1, 2, 3), (1, 3, 2)) == pytest.approx(2 / 3)
    assert consistency((1, 2, 3), (3, 2, 1)) == 0.0
    assert consistency((1, 2, 3), (10, 20, 30)) == 1.0
    assert consistency((5, 5, 5), (1, 2, 3)) == 1.0


def test_it_is_scipy_s_tau_of_rankings_without_ties():
    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = rng.normal(size=(2, 7))
        tau, _ = np.asarray(kendalltau(a, b))
        assert consistency(a.tolist(), b.tolist()) == pytest.approx((tau + 1) / 2, rel=1e-12)


def test_every_example_has_its_own_or_the_mean():
    examples = [
        several("x", (0, 0), new=(1.0, 2.0), old=(1.0, 2.0)),
        several("y", (0, 0), new=(1.0, 2.0), old=(2.0, 1.0)),
    ]
    own, _ = transformed("ranking_consistency", examples, current="new", previous="old")
    assert [e.columns["consistency"] for e in own] == [1.0, 0.0]
    mean, _ = transformed("ranking_consistency", examples, current="new", previous="old", average=True)
    assert [e.columns["consistency"] for e in mean] == [0.5, 0.5]
