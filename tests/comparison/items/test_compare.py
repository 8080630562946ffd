"""Differences of models over the same items, beside scipy and the formulas written out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from benchbench.comparison.items.compare import ONE_RUN, compare_items, with_holm
from benchbench.comparison.items.grid import make_item_grid
from benchbench.comparison.pairs.table import Comparison
from tests.comparison.items.runs import run, scores

RNG = np.random.default_rng(17)


def compared(**values: np.ndarray) -> dict[str, Comparison]:
    """Rows of models with one run each; the first is the baseline."""
    return of_unit("fraction", **values)


def of_unit(unit: str, **values: np.ndarray) -> dict[str, Comparison]:
    runs = [run(label, scores({"m": numbers}, unit=unit)) for label, numbers in values.items()]
    grid = make_item_grid(runs, baseline=next(iter(values)))
    return {row.candidate: row for row in compare_items(grid, "task", "m")}


def test_a_difference_of_scores_is_scipy_s_paired_t_test():
    a, b = RNG.normal(size=(2, 60))
    row = of_unit("score", a=a, b=a + 0.3 + b)["b"]
    expected = stats.ttest_rel(a + 0.3 + b, a)
    low, high = expected.confidence_interval(0.95)
    assert row.difference == pytest.approx((0.3 + b).mean(), abs=1e-12)
    assert (row.low, row.high, row.p) == pytest.approx((low, high, expected.pvalue), abs=1e-12)
    assert row.interval_method == "t over items" and row.note == ONE_RUN


def test_a_difference_of_rates_is_the_t_interval_with_two_more_items():
    """Two items stand so far above and below the mean as what makes up the spread: s^2 = sum d^4 / sum d^2."""
    a, b = (RNG.random((2, 150)) < 0.6).astype(float)
    row = compared(a=a, b=b)["b"]
    deviation = (b - a) - (b - a).mean()
    far = math.sqrt((deviation**4).sum() / (deviation**2).sum())
    longer = np.concatenate([b - a, [(b - a).mean() - far, (b - a).mean() + far]])
    expected = stats.ttest_1samp(longer, 0).confidence_interval(0.95)
    assert (row.low, row.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    plain = stats.ttest_rel(b, a).confidence_interval(0.95)
    assert row.high - row.low == pytest.approx(plain.high - plain.low, rel=0.03), "next to nothing at 150 items"


def test_right_or_wrong_is_tested_by_mcnemar_s_mid_p():
    """12 items are right in b alone and 4 in a alone: 2 P(Bin(16, 1/2) <= 4) less P(Bin(16, 1/2) = 4)."""
    a = np.array([1] * 4 + [0] * 12 + [1] * 20 + [0] * 4)
    b = np.array([0] * 4 + [1] * 12 + [1] * 20 + [0] * 4)
    row = compared(a=a, b=b)["b"]
    exact = stats.binomtest(4, 16, 0.5).pvalue
    assert row.p == pytest.approx(exact - stats.binom.pmf(4, 16, 0.5), abs=1e-12)
    assert row.decision.checkpoint_p == (row.p,)


def test_clusters_have_the_sandwich_error_of_the_mean():
    """G / (G - 1) sum over clusters of (sum of deviations)^2 / n^2, with G - 1 degrees of freedom."""
    effect, labels = RNG.normal(size=12), RNG.integers(0, 12, size=90)
    a, b = RNG.normal(size=90), effect[labels] + RNG.normal(size=90)
    column = {"passage": tuple(f"p{k}" for k in labels)}
    runs = [run(name, scores({"m": v}, unit="score", columns=column)) for name, v in (("a", a), ("b", a + b))]
    row = compare_items(make_item_grid(runs, baseline="a"), "task", "m", cluster="passage")[1]
    sums = np.array([(b - b.mean())[labels == k].sum() for k in range(12)])
    se = math.sqrt(12 / 11 * (sums**2).sum()) / 90
    half = stats.t.ppf(0.975, 11) * se
    assert (row.low, row.high) == pytest.approx((b.mean() - half, b.mean() + half), abs=1e-9)
    assert (row.n, row.prompts, row.interval_method) == (90, 12, "t over clusters of items")


def test_no_test_of_independent_items_is_made_over_clusters():
    a, b = (RNG.random((2, 40)) < 0.5).astype(float)
    column = {"passage": tuple(f"p{k % 10}" for k in range(40))}
    runs = [run(name, scores({"m": v}, columns=column)) for name, v in (("a", a), ("b", b))]
    row = compare_items(make_item_grid(runs, baseline="a"), "task", "m", cluster="passage")[1]
    assert row.decision.checkpoint_p == () and row.p > 0


def test_a_weighted_mean_is_the_ratio_with_its_delta_error():
    """(sum s) / (sum w) of each, and the spread of their influences on the difference."""
    from benchbench.core.imported import ItemMetric, ItemScores

    w = RNG.choice([2.0, 4.0, 6.0], size=(2, 80))
    s = w * RNG.random((2, 80))
    groups = [
        ItemScores(
            group="task",
            items=tuple(map(str, range(80))),
            metrics={"m": ItemMetric(unit="score", direction="higher", values=s[k], weights=w[k])},
        )
        for k in range(2)
    ]
    rows = compare_items(make_item_grid([run("a", groups[0]), run("b", groups[1])], baseline="a"), "task", "m")
    ratio = s.sum(axis=1) / w.sum(axis=1)
    influence = [(s[k] - ratio[k] * w[k]) * 80 / w[k].sum() for k in range(2)]
    se = (influence[1] - influence[0]).std(ddof=1) / math.sqrt(80)
    assert (rows[0].mean, rows[1].mean) == pytest.approx(tuple(ratio), abs=1e-12)
    half = stats.t.ppf(0.975, 79) * se
    assert (rows[1].low, rows[1].high) == pytest.approx(
        (ratio[1] - ratio[0] - half, ratio[1] - ratio[0] + half), abs=1e-9
    )


def test_seeds_and_items_are_crossed():
    """SE^2 = (MS_seeds + MS_items - MS_rest) / (k n) of the differences."""
    k, n = 4, 30
    values = RNG.normal(size=(2, k, n)) + RNG.normal(size=(2, k, 1)) + RNG.normal(size=(2, 1, n))
    runs = [
        run(label, scores({"m": values[side, seed]}, unit="score"), seed=seed + 1)
        for side, label in enumerate(("a", "b"))
        for seed in range(k)
    ]
    row = compare_items(make_item_grid(runs, baseline="a"), "task", "m")[1]
    d = values[1] - values[0]
    ms_seeds = n * d.mean(axis=1).var(ddof=1)
    ms_items = k * d.mean(axis=0).var(ddof=1)
    rest = d - d.mean(axis=1, keepdims=True) - d.mean(axis=0) + d.mean()
    ms_rest = (rest**2).sum() / ((k - 1) * (n - 1))
    se = math.sqrt((ms_seeds + ms_items - ms_rest) / (k * n))
    parts = ms_seeds**2 / (k - 1) + ms_items**2 / (n - 1) + ms_rest**2 / ((k - 1) * (n - 1))
    df = max((ms_seeds + ms_items - ms_rest) ** 2 / parts, k - 1)
    half = stats.t.ppf(0.975, df) * se
    assert (row.low, row.high) == pytest.approx((d.mean() - half, d.mean() + half), abs=1e-9)
    assert row.runs == 4 and "training seeds" not in row.note and row.decision.seeds_needed > 0


def test_copies_of_one_run_are_no_seeds():
    a, b = RNG.normal(size=(2, 30))
    runs = [run("a", scores({"m": a}, unit="score"), seed=k) for k in (1, 2, 3)]
    runs += [run("b", scores({"m": b}, unit="score"), seed=k) for k in (1, 2, 3)]
    row = compare_items(make_item_grid(runs, baseline="a"), "task", "m")[1]
    assert row.runs == 1 and "3 seeds are one run: 1, 2, 3" in row.note
    assert row.high - row.low > 0.1


def test_holm_is_over_the_rows_and_the_baseline_is_none():
    """P = 0.01, 0.04 and 0.03 of three rows become 0.03, 0.06 and 0.06."""
    from dataclasses import replace

    values = {name: RNG.normal(size=40) for name in "abcd"}
    rows = list(of_unit("score", **values).values())
    rows = [replace(row, p=p) for row, p in zip(rows, (math.nan, 0.01, 0.04, 0.03), strict=True)]
    adjusted = [row.p_holm for row in with_holm(rows)]
    assert math.isnan(adjusted[0]) and adjusted[1:] == pytest.approx([0.03, 0.06, 0.06])


def test_equal_models_have_an_interval_of_some_width():
    """No item differs: about the rule of three, never an interval of width nothing."""
    a = (RNG.random(100) < 0.5).astype(float)
    row = compared(a=a, b=a.copy())["b"]
    assert row.difference == 0 and row.p == 1.0
    assert row.low == pytest.approx(-row.high) and 0.01 < row.high < 0.05
    assert "no spread to measure" in row.note


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_model_that_is_never_or_always_right_has_a_number_and_an_interval(value: float):
    a = (np.arange(50) < 40).astype(float)
    row = compared(a=a, b=np.full(50, value))["b"]
    assert row.mean == value and row.high > row.low


def test_equal_scores_without_a_range_have_no_interval_and_a_note():
    row = of_unit("score", a=np.full(9, 2.0), b=np.full(9, 3.0))["b"]
    assert row.difference == 1 and math.isnan(row.low) and "no interval" in row.note


def test_one_item_has_a_number_and_no_interval():
    row = compared(a=np.array([1.0]), b=np.array([0.0]))["b"]
    assert row.difference == -1 and math.isnan(row.low)
    assert "one item: item variance not estimated, no interval" in row.note


def test_a_number_that_is_missing_leaves_its_row_undefined_and_the_others_as_they_are():
    a, b = RNG.random((2, 20))
    rows = compared(a=a, b=np.where(np.arange(20) == 3, np.nan, b), c=b)
    assert math.isnan(rows["b"].mean) and math.isnan(rows["b"].low)
    assert "1 of 20 items have no number, so neither has the mean" in rows["b"].note
    assert rows["c"] == compared(a=a, c=b)["c"]


def test_the_detectable_difference_is_that_of_the_interval():
    a, b = RNG.normal(size=(2, 400))
    row = of_unit("score", a=a, b=b)["b"]
    se = (b - a).std(ddof=1) / 20
    assert row.mdd_estimate == pytest.approx(2.8 * se, rel=0.01), "1.96 + 0.84 standard errors"
    assert row.minimum_detectable_difference > row.mdd_estimate
