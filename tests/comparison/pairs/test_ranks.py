"""Ranks of rows and how far they could move."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench.comparison.pairs.ranks import rank_rows, ranks_of


def rng():
    """A fresh generator."""
    return np.random.default_rng(0)


def test_ties_share_their_mean_rank():
    assert ranks_of(np.array([0.5, 0.9, 0.5, 0.1])).tolist() == [2.5, 1.0, 2.5, 4.0]


def test_a_row_without_numbers_is_the_last():
    values = rng().normal(size=(3, 40))
    rows = {"broken": np.full((3, 40), np.nan), "good": values + 5, "worse": values - 5}
    for higher, best in ((True, "good"), (False, "worse")):
        ranks = rank_rows(rows, higher_is_better=higher, rng=rng(), draws=50)
        assert (ranks["broken"].rank, ranks["broken"].low, ranks["broken"].best) == (3.0, 3.0, 0.0)
        assert (ranks[best].rank, ranks[best].best) == (1.0, 1.0)


def test_clear_rows_keep_their_rank_and_equal_rows_share_it():
    draws = rng()
    base = draws.normal(size=(3, 200))
    rows = {"best": base + 5, "middle": base, "twin": base.copy(), "worst": base - 5}
    ranks = rank_rows(rows, higher_is_better=True, rng=rng(), draws=200)
    assert [ranks[name].rank for name in rows] == [1.0, 2.5, 2.5, 4.0]
    assert ranks["best"].low == ranks["best"].high == 1 and ranks["best"].best == 1
    assert ranks["twin"].low == ranks["twin"].high == 2.5 and ranks["worst"].best == 0
    reverse = rank_rows(rows, higher_is_better=False, rng=rng(), draws=200)
    assert reverse["worst"].rank == 1 and reverse["worst"].best == 1


def test_rows_that_cannot_be_told_apart_share_the_first_place_about_evenly():
    noise = rng()
    rows = {str(i): noise.normal(size=(5, 300)) for i in range(4)}
    rows = {name: values - values.mean() for name, values in rows.items()}
    ranks = rank_rows(rows, higher_is_better=True, rng=rng(), draws=2000)
    assert sum(rank.best for rank in ranks.values()) == pytest.approx(1)
    assert all(0.05 < rank.best < 0.6 and rank.low == 1 and rank.high == 4 for rank in ranks.values())


def test_seeds_spread_as_an_unbiased_variance_says():
    """One row whose seeds differ and whose prompts do not, against a constant: the spread of its drawn means."""
    seeds = np.array([-1.0, 0.0, 1.0])
    rows = {"noisy": np.repeat(seeds[:, None], 50, axis=1), "constant": np.full((3, 50), 1.3)}
    beaten = rank_rows(rows, higher_is_better=True, rng=rng(), draws=20_000)["noisy"].best
    # mean of 3 resampled seeds, scaled by sqrt(3 / 2): above 1.3 / sqrt(1.5) = 1.06 never, since at most 1
    assert beaten == 0
    rows["constant"] = np.full((3, 50), 1.2)
    beaten = rank_rows(rows, higher_is_better=True, rng=rng(), draws=20_000)["noisy"].best
    assert beaten == pytest.approx(1 / 27, abs=0.005)


def test_one_seed_says_nothing_of_other_seeds():
    rank = rank_rows({"a": np.ones((1, 9)), "b": np.zeros((1, 9))}, higher_is_better=True, rng=rng())["a"]
    assert rank.rank == 1 and math.isnan(rank.low) and math.isnan(rank.best)


def test_rows_that_are_not_paired_are_refused():
    with pytest.raises(ValueError, match=r"\(3, 4\), \(3, 5\)"):
        rank_rows({"a": np.ones((3, 4)), "b": np.ones((3, 5))}, higher_is_better=True, rng=rng())
