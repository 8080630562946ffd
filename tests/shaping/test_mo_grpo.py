"""Multi-objective GRPO: mo_grpo."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.core.shaping import GroupSignals, shape_group
from benchbench.shaping.mo_grpo import SHAPING, Options

from .toys import golden


def test_the_golden_case_of_trl():
    case = golden("mo_grpo")
    rewards = np.array([case["inputs"]["reward"], case["inputs"]["reward_2"]]).T
    size, found = case["inputs"]["group_size"], []
    options = Options(weights=tuple(case["hyper"]["reward_weights"]), eps=case["hyper"]["eps"])
    for start in range(0, len(rewards), size):
        found += shape_group(SHAPING, options, GroupSignals(objectives=rewards[start : start + size])).tolist()
    assert found == pytest.approx(case["value"], rel=case["tolerance"]["rel"], abs=case["tolerance"]["abs"])


def test_equal_rewards_have_no_advantage_and_so_has_one_response():
    assert shape_group(SHAPING, Options(), GroupSignals(objectives=np.full((3, 2), 0.25))).tolist() == [0.0] * 3
    assert shape_group(SHAPING, Options(), GroupSignals(objectives=np.ones((1, 2)))).tolist() == [0.0]


def test_weights_must_be_as_many_as_objectives():
    with pytest.raises(ValueError, match="weights: expected 2, one for each objective, got 1"):
        shape_group(SHAPING, Options(weights=(1.0,)), GroupSignals(objectives=np.ones((3, 2))))
