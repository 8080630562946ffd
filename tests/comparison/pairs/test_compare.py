"""Comparisons of whole tables: values, families, gaps, reproducibility."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench import metrics
from benchbench.comparison.pairs.compare import HEADLINE, compare
from benchbench.comparison.pairs.grid import MissingRunsError
from benchbench.comparison.stats.bounded import difference_of_rates
from benchbench.comparison.stats.families import holm_of_family
from benchbench.comparison.stats.intervals import crossed_interval
from benchbench.comparison.stats.power import minimum_detectable_difference
from benchbench.core.errors import BenchError

from ..rows import cell, pair_scores, score_frame, toy_cells

GIVEN = [
    name
    for name, m in ((n, metrics.get(n)) for n in metrics.names())
    if set(m.columns) <= {"gold"} and not m.scorings and "n_tokens" not in m.reads
]
"""Metrics that the toy cells can give: they have no groups or styles, no rewards, and one length."""
EFFECTS = {"dpo": 0.1, "sft": 0.0, "simpo": 0.3, "ddo_rm@k4": 0.6}


@pytest.fixture(scope="module")
def cells():
    return toy_cells(EFFECTS, n=120)


@pytest.fixture(scope="module")
def rows(cells):
    return _compare(cells, metrics=GIVEN)


def _compare(cells, **changes):
    return compare(cells, **{"baseline": "dpo", "metrics": (), "rng_seed": 0, "draws": 50, **changes})


def _row(rows, candidate, metric="pair_accuracy", scoring="logp_mean"):
    (found,) = [r for r in rows if (r.candidate, r.metric, r.scoring) == (candidate, metric, scoring)]
    return found


def test_a_difference_by_hand():
    """Two seeds, two pairs. dpo ranks 1 and 2 of 2 rightly, simpo 2 and 2: differences 0.5 and 0."""
    frames = {
        ("dpo", 1): score_frame([1.0, 0.0], [0.0, 1.0], seed=1),
        ("dpo", 2): score_frame([1.0, 2.0], [0.0, 1.0], seed=2),
        ("simpo", 1): score_frame([1.0, 2.0], [0.0, 1.0], seed=1),
        ("simpo", 2): score_frame([5.0, 2.0], [0.0, 1.0], seed=2),
    }
    rows = _compare([cell(label, seed, frame) for (label, seed), frame in frames.items()])
    row = _row(rows, "simpo")
    assert (row.values, row.baseline_values, row.differences) == ((1.0, 1.0), (0.5, 1.0), (0.5, 0.0))
    assert (row.mean, row.difference, row.n, row.unit, row.direction) == (1.0, 0.25, 2, "fraction", "higher")


def test_means_over_pairs_get_the_crossed_interval_of_their_difference_matrix(cells, rows):
    def credits(label):
        scores = [pair_scores(c.frame, "logp_mean") for c in sorted(cells, key=lambda c: c.seed) if c.label == label]
        return np.stack([metrics.get("pair_accuracy").per_pair(s) for s in scores])

    expected = difference_of_rates(credits("simpo") - credits("dpo"))
    row = _row(rows, "simpo")
    assert (row.difference, row.low, row.high, row.p) == (expected.mean, expected.low, expected.high, expected.p)
    assert row.interval_method == "crossed t over seeds and prompts"
    detectable = minimum_detectable_difference(expected, largest=1.0)
    assert row.minimum_detectable_difference == detectable.assured
    assert (row.mdd_estimate, row.mdd_low, row.mdd_high) == (detectable.estimate, detectable.low, detectable.high)
    margins = [
        np.stack([pair_scores(c.frame, "logp_mean").margin for c in cells if c.label == label])
        for label in ("simpo", "dpo")
    ]
    unbounded, margin = crossed_interval(margins[0] - margins[1]), _row(rows, "simpo", "mean_margin")
    assert (margin.low, margin.high, margin.p) == (unbounded.low, unbounded.high, unbounded.p)
    assert row.difference == pytest.approx(np.mean(row.differences))
    assert row.low < row.difference < row.high


@pytest.mark.parametrize("metric", ["auc", "auc_centred", "std_margin"])
def test_everything_else_gets_the_bootstrap(rows, metric):
    row = _row(rows, "simpo", metric)
    assert row.interval_method == "paired bootstrap (50 draws), crossed t"
    assert row.low < row.difference < row.high and 0 < row.p <= 1
    assert row.minimum_detectable_difference > 0
    assert row.difference == pytest.approx(np.mean(row.differences))


def test_every_metric_and_scoring_has_a_row_per_label_with_the_baseline_first(rows):
    scorings = ["logp_mean", "logp_sum", "implicit"]
    order = ["pair_accuracy", *(name for name in GIVEN if name != "pair_accuracy")]
    expected = [(m, s, label) for m in order for s in scorings for label in EFFECTS]
    assert [(r.metric, r.scoring, r.candidate) for r in rows] == expected


def test_the_baseline_has_its_values_and_no_difference(rows):
    row = _row(rows, "dpo")
    assert row.values == row.baseline_values and row.note == "baseline"
    assert all(math.isnan(x) for x in (*row.differences, row.difference, row.low, row.high, row.p, row.p_holm))


def test_holm_is_over_the_headline_and_nowhere_else(rows):
    family = [_row(rows, label) for label in EFFECTS if label != "dpo"]
    expected = holm_of_family([r.p for r in family], [r.interval for r in family])
    assert [r.p_holm for r in family] == pytest.approx(expected)
    assert sum(not math.isnan(r.p_holm) for r in rows) == 3


def test_another_headline_moves_the_family(cells):
    rows = _compare(cells, headline=("auc", "implicit"), metrics=["pair_accuracy"])
    corrected = {(r.metric, r.scoring) for r in rows if not math.isnan(r.p_holm)}
    assert corrected == {("auc", "implicit")}
    assert [r.metric for r in rows if r.candidate == "dpo"] == ["auc"] * 3 + ["pair_accuracy"] * 3


def test_the_headline_is_there_without_being_asked_for(cells):
    assert {r.metric for r in _compare(cells, metrics=["tie_rate"])} == {"pair_accuracy", "tie_rate"}


def test_the_same_call_gives_the_same_comparisons_and_other_draws_move_only_the_bootstrap(cells):
    one, same, other = (_compare(cells, metrics=["auc"], rng_seed=seed) for seed in (3, 3, 4))
    assert repr(one) == repr(same)
    assert repr(_row(one, "simpo")) == repr(_row(other, "simpo"))
    assert _row(one, "simpo", "auc").low != _row(other, "simpo", "auc").low


def test_an_interval_does_not_depend_on_the_other_rows_or_their_order(cells):
    alone = _compare([c for c in cells if c.label in {"dpo", "simpo"}], metrics=["auc"])
    among = _compare(cells[::-1], metrics=["auc"])
    assert repr(_row(alone, "simpo", "auc")) == repr(_row(among, "simpo", "auc"))


def test_the_baseline_may_be_any_label(cells, rows):
    mirrored = _row(_compare(cells, baseline="simpo"), "dpo")
    row = _row(rows, "simpo")
    assert (mirrored.difference, mirrored.low, mirrored.p) == pytest.approx((-row.difference, -row.high, row.p))


def test_the_tie_credit_reaches_the_values():
    frames = [score_frame([1.0, 2.0, 3.0], [1.0, 1.0, 4.0], seed=seed) for seed in (1, 2)]
    cells = [cell("dpo", seed, frame) for seed, frame in zip((1, 2), frames, strict=True)]
    assert _row(_compare(cells), "dpo").mean == pytest.approx(0.5)
    assert _row(_compare(cells, tie_credit=0.0), "dpo").mean == pytest.approx(1 / 3)
    assert "33.3% of the pairs tie" in _row(_compare(cells), "dpo").note


def test_one_seed_shows_an_interval_over_prompts_with_its_label_and_no_claim_about_methods(cells):
    """No Holm p and no detectable difference, which would speak of methods (evaluation.md C2)."""
    rows = _compare([c for c in cells if c.seed == 42], metrics=["auc", "mean_margin"])
    for metric in ("pair_accuracy", "auc", "mean_margin"):
        row = _row(rows, "simpo", metric)
        assert row.difference == pytest.approx(row.differences[0])
        assert row.low < row.difference < row.high and 0 < row.p < 1 and "over prompts" in row.interval_method
        assert all(math.isnan(x) for x in (row.p_holm, row.minimum_detectable_difference, row.mdd_high))
        assert row.note == "one seed: seed variance not estimated"


def test_two_equal_methods_show_no_difference_and_no_certainty(cells):
    baseline = [c for c in cells if c.label == "dpo"]
    row = _row(_compare([*baseline, *(cell("twin", c.seed, c.frame) for c in baseline)]), "twin")
    assert row.difference == 0.0 and row.low < -0.02 and row.high > 0.02
    assert row.p == 1.0 and math.isnan(row.minimum_detectable_difference) and "no spread to measure" in row.note


def test_a_scoring_that_the_baseline_does_not_have_is_shown_without_a_difference(cells):
    with_reward = [
        cell("rm", c.seed, c.frame.assign(reward=c.frame["logp_sum"])) if c.label == "simpo" else c for c in cells
    ]
    rows = _compare(with_reward)
    assert [r.candidate for r in rows if r.scoring == "reward_model"] == ["rm"]
    row = _row(rows, "rm", scoring="reward_model")
    assert not math.isnan(row.mean) and math.isnan(row.difference)
    assert row.note == "not available for the baseline dpo"


def test_a_scoring_that_one_seed_does_not_have_is_refused(cells):
    holed = [
        cell("simpo", c.seed, c.frame.assign(ref_logp_sum=np.nan)) if (c.label, c.seed) == ("simpo", 42) else c
        for c in cells
    ]
    with pytest.raises(MissingRunsError, match="simpo: no pair_accuracy under implicit for seed 42"):
        _compare(holed)


def test_an_undefined_seed_leaves_its_row_undefined_and_the_others_alone(cells):
    def spoil(c):
        frame = c.frame.copy()
        frame.loc[0, ["logp_sum", "logp_mean"]] = np.nan
        return cell("sft", c.seed, frame)

    spoiled = _compare([spoil(c) if (c.label, c.seed) == ("sft", 42) else c for c in cells], metrics=["auc"])
    for metric in ("pair_accuracy", "auc"):
        row = _row(spoiled, "sft", metric)
        assert math.isnan(row.mean) and math.isnan(row.difference) and not math.isnan(row.values[0])
        assert "seed 42: a score is not finite" in row.note
        assert not math.isnan(_row(spoiled, "simpo", metric).low)
    three = [_row(spoiled, label) for label in ("sft", "simpo", "ddo_rm@k4")]
    corrected = holm_of_family([row.p for row in three], [row.interval for row in three])
    assert math.isnan(three[0].p_holm) and [row.p_holm for row in three[1:]] == corrected[1:].tolist()
    assert three[2].p_holm >= 3 * three[2].p, "the undefined row counts"


def test_a_metric_or_headline_that_nobody_can_give_is_refused():
    cells = [cell("dpo", seed, score_frame([1.0, 2.0], [0.0, 3.0], seed=seed)) for seed in (1, 2)]
    with pytest.raises(BenchError, match="gold_pair_accuracy: needs the column gold"):
        _compare(cells, metrics=["gold_pair_accuracy"])
    with pytest.raises(BenchError, match="headline: expected pair_accuracy under implicit"):
        _compare(cells, headline=("pair_accuracy", "implicit"))
    with pytest.raises(BenchError, match="unknown scoring 'logpmean'"):
        _compare(cells, headline=("pair_accuracy", "logpmean"))
    with pytest.raises(BenchError, match="unknown metric 'auk'"):
        _compare(cells, metrics=["auk"])


def test_holes_and_unequal_settings_are_refused_here_too(cells):
    with pytest.raises(MissingRunsError):
        _compare(cells[1:])
    other = [cell("odd", c.seed, c.frame, comparability_hash="other") for c in cells if c.label == "simpo"]
    with pytest.raises(BenchError, match="odd: its setting is not that of dpo"):
        _compare([*cells, *other])


def test_the_default_headline_is_the_one_of_the_design():
    assert HEADLINE == ("pair_accuracy", "logp_mean")
