"""Pref-GRPO in text: pref_grpo_twin."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench import shaping
from benchbench.core.shaping import GroupSignals, shape_group
from benchbench.shaping.pref_grpo_twin import SHAPING, Options

from .toys import group


def test_by_hand():
    """Win rates 1, 1/2 and 0: mean 1/2, standard deviation 1/2."""
    wins = np.array([[0.5, 1.0, 1.0], [0.0, 0.5, 1.0], [0.0, 0.0, 0.5]])
    found = shape_group(SHAPING, Options(), GroupSignals(wins=wins))
    assert found.tolist() == pytest.approx([0.5 / 0.5001, 0.0, -0.5 / 0.5001])


def test_it_is_the_win_rate_normalised_as_rewards_of_grpo_are():
    """With the normalisation of mo_grpo, which agrees with TRL."""
    signals, spo, grpo = group(SHAPING, 5), shaping.get("spo_minimax"), shaping.get("mo_grpo")
    rates = shape_group(spo, spo.options(), signals)
    expected = shape_group(grpo, grpo.options(), GroupSignals(objectives=rates[:, None]))
    np.testing.assert_allclose(shape_group(SHAPING, Options(), signals), expected)


def test_one_response_has_nobody_to_win_over():
    with pytest.raises(ValueError, match="expected at least 2 responses"):
        shape_group(SHAPING, Options(), GroupSignals(wins=np.array([[0.5]])))
