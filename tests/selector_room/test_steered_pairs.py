"""steered_pairs."""

from __future__ import annotations

import pytest

from benchbench.core.rollout import Labels

from .test_prompted_pairs import prompted
from .toys import columns, places, scores


def test_the_instruction_orders_a_pair_and_the_oracle_weighs_it():
    """A win of 0.25 for the better-prompted one counts half; equal ones count 1, as in plain DPO."""
    of_group = prompted("a", "b")
    assert places("steered_pairs", of_group, Labels(wins={(0, 1): 0.25})) == [(0, 1)]
    assert columns("steered_pairs", of_group, Labels(wins={(0, 1): 0.25})) == {"weight": 0.5}
    assert columns("steered_pairs", of_group, scores(2.0, 2.0)) == {"weight": 1.0}
    assert columns("steered_pairs", of_group, scores(9.0, -9.0))["weight"] == pytest.approx(2.0, abs=1e-6)


def test_a_pair_that_nobody_compared_is_left_out():
    assert places("steered_pairs", prompted("a", "b"), scores(1.0, None)) == "no comparison"
