"""OTC."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.core.shaping import GroupSignals, shape_group
from benchbench.shaping.otc import SHAPING, Options, tool_reward

from .toys import golden


def rewards(calls, correct, **options):
    columns = {"calls": np.array(calls), "correct": np.array(correct)}
    return shape_group(SHAPING, Options(**options), GroupSignals(columns=columns)).tolist()


def test_the_golden_case():
    case = golden("otc")
    calls, fewest = (np.array(case["inputs"][name], dtype=float) for name in ("calls", "optimal_calls"))
    found = tool_reward(calls, fewest, case["hyper"]["c"]).tolist()
    assert found == pytest.approx(case["value"], rel=case["tolerance"]["rel"], abs=case["tolerance"]["abs"])


def test_the_fewest_are_those_of_a_right_answer_and_a_wrong_one_has_nothing():
    """Fewest 2: sin(pi 2 / 4) = 1 and sin(pi 6 / 8); the wrong answer with one call counts for nothing."""
    assert rewards([1, 2, 6], [0, 1, 1]) == pytest.approx([0.0, 1.0, np.sin(np.pi * 0.75)])


def test_where_no_answer_is_right_there_is_no_reward():
    assert rewards([1, 2], [0, 0]) == [0.0, 0.0]


def test_the_form_of_ppo_counts_from_none():
    assert rewards([0, 2], [1, 1], form="ppo", alpha=2.0) == pytest.approx([2.0, 2 * np.cos(2 * np.pi / 5)])
