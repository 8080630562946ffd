"""Copies of one run are one run, in every number that stands on seeds."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchbench.comparison.pairs.compare import compare
from benchbench.comparison.pairs.grid import ScoredCell, same_runs
from benchbench.comparison.pairs.replicates import replicates, run_names
from benchbench.comparison.pairs.table import Comparison
from benchbench.comparison.win_rates.against import against
from benchbench.comparison.win_rates.bradley_terry import bradley_terry

from ..rows import cell, score_frame, toy_cells
from ..verdict_rows import slotless

SEEDS = (13, 42, 3407)


def copied(cells: list[ScoredCell], label: str, *, of: int, to: tuple[int, ...]) -> list[ScoredCell]:
    """The cells with some seeds of a label replaced by copies of another seed's rows."""
    frame = next(c.frame for c in cells if (c.label, c.seed) == (label, of))
    return [cell(label, c.seed, frame.assign(seed=c.seed)) if c.label == label and c.seed in to else c for c in cells]


def rows(cells: list[ScoredCell], metric: str = "pair_accuracy", scoring: str = "logp_mean") -> dict[str, Comparison]:
    made = compare(cells, baseline="sft", metrics=[metric], rng_seed=0, draws=200)
    return {row.candidate: row for row in made if (row.metric, row.scoring) == (metric, scoring)}


@pytest.fixture
def cells() -> list[ScoredCell]:
    return toy_cells({"sft": 0.1, "dpo": 0.3}, seeds=SEEDS)


@pytest.mark.parametrize("metric", ["pair_accuracy", "auc", "std_margin"])
def test_seeds_that_are_all_copies_have_no_interval_over_seeds(cells: list[ScoredCell], metric: str):
    for label in ("sft", "dpo"):
        cells = copied(cells, label, of=13, to=(42, 3407))
    row = rows(cells, metric)["dpo"]
    alone = rows([c for c in cells if c.seed == 13], metric)["dpo"]
    assert "seed variance not estimated (3 seeds are one run: 13, 42, 3407)" in row.note
    assert row.runs == 1
    assert (row.difference, row.mean) == pytest.approx((alone.difference, alone.mean))
    assert [row.low, row.high, row.p] == pytest.approx([alone.low, alone.high, alone.p], nan_ok=True)


@pytest.mark.parametrize("metric", ["pair_accuracy", "auc"])
def test_some_copies_count_once(cells: list[ScoredCell], metric: str):
    """Seeds 13 and 42 are one run on both sides: the row is that of the two different runs."""
    for label in ("sft", "dpo"):
        cells = copied(cells, label, of=13, to=(42,))
    row = rows(cells, metric)["dpo"]
    two = rows([c for c in cells if c.seed != 42], metric)["dpo"]
    assert "seeds 13, 42 of dpo are one run and count once" in row.note
    assert "seeds 13, 42 of sft are one run and count once" in row.note
    assert row.runs == 2
    assert [row.difference, row.low, row.high, row.p] == pytest.approx([two.difference, two.low, two.high, two.p])


def test_a_baseline_that_is_one_run_leaves_the_candidates_spread_and_is_named(cells: list[ScoredCell]):
    plain = rows(cells)["dpo"]
    row = rows(copied(cells, "sft", of=13, to=(42, 3407)))
    assert row["dpo"].runs == 3
    assert math.isfinite(row["dpo"].p) and row["dpo"].p != plain.p
    assert "sft is one run at all 3 seeds: a spread of its runs is not in the interval" in row["dpo"].note
    assert row["sft"].note == "baseline; seed variance not estimated (3 seeds are one run: 13, 42, 3407)"


def test_a_candidate_that_is_one_run_is_named_too(cells: list[ScoredCell]):
    row = rows(copied(cells, "dpo", of=13, to=(42, 3407)))["dpo"]
    assert "dpo is one run at all 3 seeds" in row.note
    assert row.runs == 3
    assert row.mean == row.values[0]


def test_stages_that_differ_in_an_unused_seed_are_one_run_whatever_a_device_rounds(cells: list[ScoredCell]):
    rng = np.random.default_rng(1)
    rounded = [
        cell(
            c.label, c.seed, c.frame.assign(logp_mean=c.frame["logp_mean"] + rng.normal(0, 1e-7)), run=f"{c.label} run"
        )
        for label in ("sft", "dpo")
        for c in copied(cells, label, of=13, to=(42, 3407))
        if c.label == label
    ]
    assert "3 seeds are one run" in rows(rounded)["dpo"].note


def test_different_runs_have_the_row_that_they_had(cells: list[ScoredCell]):
    row = rows(cells)["dpo"]
    assert (row.runs, row.note) == (3, "")


def test_runs_are_distinguished_by_the_columns_that_a_scoring_reads():
    """The policy is the same in both seeds, the rewards are not; order of rows says nothing."""
    frame = score_frame([0.1, 0.2], [0.0, 0.3])
    turned = frame.iloc[::-1].assign(reward=1.0)
    frames = {1: frame, 2: turned}
    assert run_names(frames, "logp_mean") == [1, 1]
    assert run_names(frames, "reward_model") == [1, 2]
    assert same_runs([cell("dpo", 1, frame), cell("dpo", 2, turned)], "dpo", (1, 2), "logp_sum") == [1, 1]


def test_seeds_that_are_joined_through_each_other_are_one_replicate():
    found = replicates((1, 2, 3), {"a": "xxy", "b": "pqq"})
    assert found.groups == ((0, 1, 2),)
    assert found.note.startswith("seed variance not estimated (seeds 1, 2 of a are one run")


def test_runs_that_agree_in_every_prompt_show_no_spread_over_seeds():
    found = replicates((1, 2), {"a": "xy"})
    kept, note = found.merged(np.array([[1.0, 0.0, 1.0], [1.0, 0.0, 1.0]]))
    assert kept.shape == (1, 3)
    assert "seed variance not estimated" in note


# --- win rates --------------------------------------------------------------------------------------------------------


def verdicts(outcomes: np.ndarray) -> dict[int, pd.DataFrame]:
    """[k, n] outcomes of dpo against sft, of seeds 1 to k."""
    lengths = np.random.default_rng(3).integers(20, 60, size=(2, outcomes.shape[1]))
    return {
        seed: slotless(own, length=lengths[0], opponent_length=lengths[1], score=np.nan, opponent_score=np.nan)
        for seed, own in enumerate(outcomes, start=1)
    }


def test_draws_of_one_policy_are_no_seeds_of_a_win_rate():
    """Three draws of one policy: the mean of all draws, with prompts as the only spread."""
    outcomes = np.random.default_rng(0).integers(0, 2, size=(3, 60)).astype(float)
    by_seed = verdicts(outcomes)
    one_run = replicates((1, 2, 3), {"dpo": "aaa", "sft": "bbb"})
    row = against(by_seed, judge="gold", replicates=one_run)
    assert row.raw.interval.mean == pytest.approx(outcomes.mean())
    for interval in (row.raw.interval, row.controlled.interval):
        assert "seed variance not estimated (3 seeds are one run: 1, 2, 3)" in interval.note
        assert "crossed" not in interval.method


def test_copies_do_not_make_ratings_certain():
    outcomes = np.random.default_rng(0).integers(0, 2, size=(1, 40)).astype(float)
    by_seed = verdicts(np.repeat(outcomes, 3, axis=0))
    alone = bradley_terry({1: by_seed[1]}).difference("dpo", "sft")
    three = bradley_terry(by_seed, replicates=replicates((1, 2, 3), {"dpo": "aaa"})).difference("dpo", "sft")
    assert [three.mean, three.low, three.p] == pytest.approx([alone.mean, alone.low, alone.p])
    assert "3 seeds are one run" in three.note
