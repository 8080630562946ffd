"""SPO, minimaximalist: spo_minimax."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.core.rollout import Labels
from benchbench.core.shaping import GroupSignals, shape_group
from benchbench.shaping.spo_minimax import SHAPING, Options

from .toys import golden, group


def test_the_golden_case():
    case = golden("spo_minimax")
    signals = GroupSignals(wins=np.array(case["inputs"]["p_matrix"]))
    found = shape_group(SHAPING, Options(), signals)
    assert found.tolist() == pytest.approx(case["value"], rel=case["tolerance"]["rel"])


def test_a_group_has_mean_one_half_whatever_is_preferred():
    assert shape_group(SHAPING, Options(), group(SHAPING, 3)).mean() == pytest.approx(0.5)


def test_it_is_the_score_that_labels_without_scores_have():
    wins = group(SHAPING, 4).wins
    labels = Labels(wins={(i, j): float(wins[i, j]) for i in range(4) for j in range(i + 1, 4)})
    found = shape_group(SHAPING, Options(), GroupSignals(wins=wins))
    assert found.tolist() == pytest.approx([labels.score(i, 4) for i in range(4)])


def test_one_response_has_nobody_to_win_over():
    with pytest.raises(ValueError, match="expected at least 2 responses"):
        shape_group(SHAPING, Options(), GroupSignals(wins=np.array([[0.5]])))
