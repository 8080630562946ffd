"""T-PPO."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.core.shaping import GroupSignals, shape_group
from benchbench.shaping.t_ppo import SHAPING, Options

from .toys import golden


def window(rewards, values, *, ended):
    return GroupSignals(token_rewards=(np.array(rewards),), values=(np.array(values),), ended=np.array([ended]))


def test_the_golden_case_is_of_an_unfinished_window():
    case = golden("t_ppo")
    options = Options(gamma=case["hyper"]["gamma"], lam=case["hyper"]["lambda"])
    (found,) = shape_group(SHAPING, options, window(case["inputs"]["rewards"], case["inputs"]["values"], ended=False))
    assert found.tolist() == pytest.approx(case["value"], rel=case["tolerance"]["rel"], abs=case["tolerance"]["abs"])


def test_a_finished_response_at_no_decay_has_its_return_less_the_value():
    (found,) = shape_group(SHAPING, Options(lam=1.0), window([0.0, 0.0, 1.0], [0.3, 0.5, 0.9], ended=True))
    assert found.tolist() == pytest.approx([0.7, 0.5, 0.1])


def test_at_full_decay_an_advantage_is_the_critics_error_at_the_token():
    (found,) = shape_group(SHAPING, Options(lam=0.0), window([0.1, 0.0], [0.4, 0.5], ended=False))
    assert found.tolist() == pytest.approx([0.1 + 0.5 - 0.4, 0.0 + 0.5 - 0.5])


def test_an_empty_window_has_no_advantages():
    (found,) = shape_group(SHAPING, Options(), window([], [], ended=True))
    assert found.shape == (0,)
