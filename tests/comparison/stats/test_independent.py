"""The tests of a decision against code that others wrote: statsmodels, rliable, scipy; on random and real numbers."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pandas as pd
import pytest
from harness import ROOT
from scipy import stats

from benchbench.comparison.stats.equivalence import equivalence_p
from benchbench.comparison.stats.improvement import probability_of_improvement
from benchbench.comparison.stats.intervals import ArmSpread, t_interval
from benchbench.comparison.stats.mcnemar import mcnemar
from benchbench.comparison.stats.significance import holm

TABLES = pytest.importorskip("statsmodels.stats.contingency_tables", reason="an oracle, a development dependency only")
WEIGHTED = pytest.importorskip("statsmodels.stats.weightstats", reason="an oracle, a development dependency only")
FAMILIES = pytest.importorskip("statsmodels.stats.multitest", reason="an oracle, a development dependency only")


@pytest.fixture(scope="module")
def committed() -> pd.DataFrame:
    """Pair accuracy of the committed reference: [10 seeds, methods]."""
    frame = pd.read_csv(ROOT / "results" / "reference" / "tiny" / "measurements.csv")
    headline = frame[(frame["metric"] == "pair_accuracy") & (frame["scoring"] == "logp_mean")]
    return headline.pivot(index="seed", columns="method", values="value")


@pytest.fixture(scope="module")
def right() -> dict[str, np.ndarray]:
    """[1000] whether seed 42 of each method ranks a pair of the committed rows rightly."""
    rows = pd.read_parquet(ROOT / "results" / "reference" / "tiny" / "rows.parquet")
    rows = rows[rows["seed"] == 42].sort_values(["method", "example", "candidate"])
    return {
        str(method): (scores[0::2] > scores[1::2]).astype(float)
        for method, scores in ((name, of["logp_mean"].to_numpy()) for name, of in rows.groupby("method"))
    }


def two_by_two(first: np.ndarray, second: np.ndarray) -> list[list[int]]:
    """Pairs by whether each side is right."""
    return [[int(((first == i) & (second == j)).sum()) for j in (1, 0)] for i in (1, 0)]


def test_mcnemar_of_random_checkpoints_is_statsmodels():
    rng = np.random.default_rng(0)
    for n in (5, 40, 600):
        first, second = (rng.random((2, n)) < [[0.7], [0.6]]).astype(float)
        test = mcnemar(first, second)
        table = two_by_two(first, second)
        assert test.exact == pytest.approx(TABLES.mcnemar(table, exact=True).pvalue, rel=1e-10)
        assert (test.wins, test.losses) == (table[0][1], table[1][0])


def test_mcnemar_of_the_committed_checkpoints_is_statsmodels(right):
    for method in ("simpo", "ddo_rm", "sft"):
        expected = TABLES.mcnemar(two_by_two(right[method], right["dpo"]), exact=True).pvalue
        assert mcnemar(right[method], right["dpo"]).exact == pytest.approx(expected, rel=1e-10)


def test_mid_p_lies_between_the_exact_test_and_the_chi_square_of_large_tables(right):
    """Statsmodels has no mid-p: without its continuity correction chi-square is near it where many pairs differ."""
    test = mcnemar(right["sft"], right["dpo"])
    chi_square = TABLES.mcnemar(two_by_two(right["sft"], right["dpo"]), exact=False, correction=False).pvalue
    assert test.mid_p == pytest.approx(chi_square, rel=0.1, abs=1e-3) and test.mid_p < test.exact


def paired(differences: np.ndarray):
    """The t interval of paired differences."""
    k = len(differences)
    se = float(differences.std(ddof=1)) / math.sqrt(k)
    return t_interval(float(differences.mean()), se, k - 1, level=0.95, method="t")


def test_equivalence_over_paired_seeds_is_statsmodels(committed):
    rng = np.random.default_rng(1)
    pairs = [(rng.normal(0.75, 0.02, k), rng.normal(0.75, 0.02, k)) for k in (3, 5, 10) for _ in range(5)]
    pairs += [(committed[name].to_numpy(), committed["dpo"].to_numpy()) for name in ("simpo", "ddo_rm", "sft")]
    for first, second in pairs:
        expected = WEIGHTED.ttost_paired(first, second, -0.015, 0.015)[0]
        assert equivalence_p(paired(first - second), 0.015) == pytest.approx(expected, rel=1e-9)


def test_equivalence_of_independent_arms_is_statsmodels():
    rng = np.random.default_rng(2)
    for k, m in ((3, 3), (3, 5), (10, 4)):
        first, second = rng.normal(0, 1, k), rng.normal(0.2, 2, m)
        spread = ArmSpread(float(first.var(ddof=1)) / k, float(second.var(ddof=1)) / m, k - 1, m - 1)
        se, df = spread.error()
        interval = t_interval(float(first.mean() - second.mean()), se, df, level=0.95, method="Welch")
        assert equivalence_p(interval, 1.5) == pytest.approx(
            WEIGHTED.ttost_ind(first, second, -1.5, 1.5, usevar="unequal")[0], rel=1e-9
        )
        assert interval.p == pytest.approx(stats.ttest_ind(first, second, equal_var=False).pvalue, rel=1e-9)


def test_holm_of_random_families_is_statsmodels():
    rng = np.random.default_rng(3)
    for size in (1, 2, 9, 60):
        p = rng.random(size) ** 3
        np.testing.assert_allclose(holm(p), FAMILIES.multipletests(p, method="holm")[1], rtol=1e-12)


def test_the_probability_of_improvement_is_rliables_and_scipys(committed):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of libraries that it draws with
        rliable = pytest.importorskip("rliable.metrics", reason="an oracle, a development dependency only")
    rng = np.random.default_rng(4)
    sides = [(rng.integers(0, 4, k).astype(float), rng.integers(0, 4, m).astype(float)) for k, m in ((3, 3), (5, 10))]
    sides += [(committed[name].to_numpy(), committed["dpo"].to_numpy()) for name in ("simpo", "ddo_rm", "sft")]
    for candidate, baseline in sides:
        share = probability_of_improvement(candidate, baseline)
        assert share == pytest.approx(
            rliable.probability_of_improvement(candidate[:, None], baseline[:, None]), rel=1e-12
        )
        statistic = stats.mannwhitneyu(candidate, baseline).statistic
        assert share == pytest.approx(statistic / (len(candidate) * len(baseline)), rel=1e-12)
