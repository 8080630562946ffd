"""What a comparison says beside its intervals, against the statistics themselves on the same rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench import metrics
from benchbench.comparison.pairs.compare import compare
from benchbench.comparison.pairs.decision import MCNEMAR, Decision, checkpoint_p
from benchbench.comparison.stats.delong import CLUSTERED_DELONG
from benchbench.core.measurement import PairScores

from ..rows import cell, pair_scores, toy_cells

NAMES = ["pair_accuracy", "auc", "mean_margin"]


@pytest.fixture(scope="module")
def cells():
    return toy_cells({"dpo": 0.0, "simpo": 0.3}, n=150)


@pytest.fixture(scope="module")
def rows(cells):
    made = compare(cells, baseline="dpo", metrics=NAMES, rng_seed=0, draws=200)
    return {(row.candidate, row.metric): row for row in made if row.scoring == "logp_mean"}


def test_the_baseline_has_no_decision(rows):
    assert all(repr(rows["dpo", name].decision) == repr(Decision()) for name in NAMES)


def test_mcnemar_at_each_seed(cells, rows):
    """Points of pairs without ties, so the mid-p is the exact binomial p-value less the observed table."""
    decision = rows["simpo", "pair_accuracy"].decision
    assert decision.checkpoint_test == MCNEMAR and len(decision.checkpoint_p) == 3
    for place in range(3):
        dpo, simpo = (pair_scores(cells[i].frame, "logp_mean").margin > 0 for i in (place, 3 + place))
        wins, losses = int((simpo & ~dpo).sum()), int((dpo & ~simpo).sum())
        exact = stats.binomtest(wins, wins + losses).pvalue
        expected = exact - stats.binom.pmf(wins, wins + losses, 0.5)
        assert decision.checkpoint_p[place] == pytest.approx(expected, rel=1e-9)


def test_delong_where_the_metric_is_an_area_and_nothing_for_margins(rows):
    decision = rows["simpo", "auc"].decision
    assert decision.checkpoint_test == CLUSTERED_DELONG and all(0 < p < 1 for p in decision.checkpoint_p)
    margin = rows["simpo", "mean_margin"].decision
    assert margin.checkpoint_test == "" and margin.checkpoint_p == ()
    assert math.isnan(margin.probability_of_improvement), "a larger margin is no better one"
    assert math.isnan(margin.p_equivalence) and margin.equivalent_within > 0


def test_equivalence_is_of_the_row_s_interval(rows):
    """The 95 % interval is mean +- t se: its 90 % sibling reaches as far as `equivalent_within`."""
    for name in ("auc", "pair_accuracy"):
        row = rows["simpo", name]
        assert row.decision.equivalence_margin == 0.015
        assert abs(row.difference) < row.decision.equivalent_within < max(abs(row.low), abs(row.high))
        assert (row.decision.p_equivalence < 0.05) == (row.decision.equivalent_within < 0.015)


def test_probability_of_improvement_over_all_pairs_of_runs(rows):
    row = rows["simpo", "pair_accuracy"]
    expected = stats.mannwhitneyu(row.values, row.baseline_values).statistic / 9
    assert row.decision.probability_of_improvement == pytest.approx(expected)


def test_more_seeds_are_needed_for_a_smaller_difference(rows):
    small = toy_cells({"dpo": 0.0, "simpo": 0.05}, n=150)
    (row,) = (
        r
        for r in compare(small, baseline="dpo", metrics=["mean_margin"], rng_seed=0, draws=20)
        if (r.candidate, r.metric, r.scoring) == ("simpo", "mean_margin", "logp_mean")
    )
    assert 2 <= rows["simpo", "mean_margin"].decision.seeds_needed < row.decision.seeds_needed


def test_one_seed_says_nothing_of_the_methods(cells):
    made = compare([cells[0], cells[3]], baseline="dpo", metrics=["pair_accuracy"], rng_seed=0)
    (decision,) = (r.decision for r in made if (r.candidate, r.scoring) == ("simpo", "logp_mean"))
    assert math.isnan(decision.p_equivalence) and math.isnan(decision.equivalent_within)
    assert math.isnan(decision.seeds_needed)
    assert len(decision.checkpoint_p) == 1, "but something of the two checkpoints"


def test_pairs_that_share_a_prompt_have_no_mcnemar():
    scores = PairScores(np.ones(4), np.zeros(4), prompt=np.array([0, 0, 1, 2]))
    assert checkpoint_p(metrics.get("pair_accuracy"), [scores], [scores]) == ("", ())
    assert checkpoint_p(metrics.get("auc"), [scores], [scores])[0] == CLUSTERED_DELONG


def test_an_undefined_seed_has_no_decision(cells):
    frame = cells[3].frame.copy()
    frame.loc[0, ["logp_mean", "logp_sum"]] = math.nan
    made = compare(
        [*cells[:3], cell("simpo", 13, frame), *cells[4:]], baseline="dpo", metrics=["pair_accuracy"], rng_seed=0
    )
    (decision,) = (r.decision for r in made if (r.candidate, r.scoring) == ("simpo", "logp_mean"))
    assert repr(decision) == repr(Decision())
