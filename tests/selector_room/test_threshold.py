"""threshold."""

from __future__ import annotations

import pytest

from benchbench import selectors
from benchbench.core.rollout import Labels

from .toys import group, places, scores

GAP = 1.73460105539
"""Difference of rewards at which sigmoid(gap / 1) is 0.85, recomputed from arXiv:2402.10038 elsewhere."""


def test_the_gap_of_eta_085_is_where_pairs_begin():
    texts = group("a", "b")
    assert places("threshold", texts, scores(GAP + 1e-9, 0.0)) == [(0, 1)]
    assert places("threshold", texts, scores(GAP - 1e-9, 0.0)) == "no pair above the threshold"


def test_a_group_gives_every_pair_above_it():
    """Gaps 2, 4, 2: all three; at eta 0.9 (gap above 2.197) the one of 4."""
    texts, labels = group("a", "b", "c"), scores(0.0, 4.0, 2.0)
    assert places("threshold", texts, labels) == [(1, 0), (2, 0), (1, 2)]
    assert places("threshold", texts, labels, eta=0.9) == [(1, 0)]


def test_the_oracles_tau_is_the_unit():
    """A lower tau keeps more pairs: a gap of 1 is 2 logits at 0.5."""
    assert places("threshold", group("a", "b"), scores(1.0, 0.0)) == "no pair above the threshold"
    assert places("threshold", group("a", "b"), Labels(scores=(1.0, 0.0), tau=0.5)) == [(0, 1)]


def test_comparisons_count_as_they_are():
    assert places("threshold", group("a", "b"), Labels(wins={(0, 1): 0.1})) == [(1, 0)]


def test_a_threshold_below_one_half_is_refused():
    with pytest.raises(ValueError, match="eta: expected a probability in"):
        selectors.get("threshold").options(eta=0.4)
