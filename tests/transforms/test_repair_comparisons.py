"""repair_comparisons."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench import transforms
from benchbench.transforms.repair_comparisons import repaired

from .toys import several, transformed

OPTIONS = transforms.get("repair_comparisons").options


def probabilities(w: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(w[:, None] - w[None, :])))


def test_a_whole_and_right_matrix_stays_and_gives_its_strengths():
    """Strengths 1, 0, -1: i beats j with sigmoid(w_i - w_j), so the scores are the strengths."""
    wins = probabilities(np.array([1.0, 0.0, -1.0]))
    columns = {f"wins_{j}": tuple(wins[:, j].tolist()) for j in range(3)}
    (become,), counts = transformed("repair_comparisons", [several("x", (0, 0, 0), **columns)], candidates=3)
    assert become.columns["repaired_score"] == pytest.approx((1.0, 0.0, -1.0), abs=1e-9)
    assert counts.changed == {}


def test_planted_corruptions_and_gaps_are_repaired():
    """Twenty candidates, one comparison in ten turned round, one in ten missing: the strengths come back.

    Smaller corruptions than the threshold stay, so the default gives back the order, a small threshold the values. The
    plain mean of the comparisons gives neither.
    """
    rng = np.random.default_rng(0)
    w = np.linspace(-1.5, 1.5, 20)
    wins = probabilities(w)
    wrong = np.triu(rng.random((20, 20)) < 0.1, 1)
    gone = np.triu(rng.random((20, 20)) < 0.1, 1) & ~wrong
    wins = np.where(wrong | wrong.T, 1 - wins, wins)
    wins[gone | gone.T] = np.nan
    low_rank, corrupted = repaired(wins, OPTIONS(candidates=20, threshold=0.1))
    assert np.abs(low_rank - (w[:, None] - w[None, :])).max() < 1e-3
    assert (corrupted == (wrong | wrong.T)).all()
    roughly, _ = repaired(wins, OPTIONS(candidates=20))
    assert (np.diff(roughly.mean(axis=1)) > 0).all()
    assert not (np.diff(np.where(np.isnan(wins), 0.5, wins).mean(axis=1)) > 0).all()


def test_an_entry_without_its_mirror_stands_for_both():
    wins = probabilities(np.array([1.0, 0.0, -1.0]))
    low_rank, _ = repaired(np.where(np.tri(3, k=-1) > 0, np.nan, wins), OPTIONS(candidates=3))
    assert low_rank.mean(axis=1) == pytest.approx([1.0, 0.0, -1.0], abs=1e-9)


def test_a_candidate_that_was_never_compared_has_no_score():
    nan = math.nan
    columns = {"wins_0": (0.5, 0.3, nan), "wins_1": (0.7, 0.5, nan), "wins_2": (nan, nan, nan)}
    _, counts = transformed("repair_comparisons", [several("x", (0, 0, 0), **columns)], candidates=3)
    assert counts.dropped == {"candidate without a comparison": 1}
