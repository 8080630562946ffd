"""Clustered DeLong against the covariance written out over all n * n combinations, the jackknife, and in simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchbench import metrics
from benchbench.comparison.stats.delong import CLUSTERED_DELONG, delong_interval
from benchbench.core.measurement import PairScores

AUC = metrics.get("auc")


def _influence(chosen, rejected):
    assert AUC.influence is not None
    return AUC.influence(PairScores(chosen, rejected))


def _drawn(rng, n, *, offset_sd=1.0, signals=(0.5, 0.5)):
    """Scores of two checkpoints, (chosen, rejected) each, with an offset per prompt that both share in part."""
    offset = rng.normal(0, offset_sd, n)
    shared = rng.normal(0, 0.7, (2, n))
    return [
        (offset + signal + shared[0] + rng.normal(0, 0.7, n), offset + shared[1] + rng.normal(0, 0.7, n))
        for signal in signals
    ]


def _psi(chosen, rejected):
    """[n, n] 1 where chosen i is above rejected j, one half where equal."""
    return (chosen[:, None] > rejected) + (chosen[:, None] == rejected) / 2


def test_the_standard_error_is_obuchowskis_written_out():
    """Var(A - B) from the three covariance matrices S10, S01 and S11 of the components of both checkpoints."""
    rng = np.random.default_rng(0)
    sides = [(np.round(c, 1), np.round(r, 1)) for c, r in _drawn(rng, 40)]  # with ties
    v10 = np.stack([_psi(*side).mean(axis=1) for side in sides])  # [2, n]
    v01 = np.stack([_psi(*side).mean(axis=0) for side in sides])
    s10, s01, s11 = np.cov(v10), np.cov(v01), np.cov(v10, v01)[:2, 2:]
    matrix = s10 + s01 + s11 + s11.T
    variance = (matrix[0, 0] + matrix[1, 1] - 2 * matrix[0, 1]) / 40
    interval = delong_interval(*(_influence(*side) for side in sides))
    assert interval.se == pytest.approx(math.sqrt(variance), rel=1e-10)
    areas = [roc_auc_score(np.repeat([1, 0], 40), np.concatenate(side)) for side in sides]
    assert interval.mean == pytest.approx(areas[0] - areas[1], abs=1e-12)
    assert interval.method == CLUSTERED_DELONG and interval.one_run


@pytest.mark.parametrize("name", ["auc", "auc_centred"])
def test_near_the_jackknife_over_pairs(name):
    metric, n = metrics.get(name), 80
    first, second = _drawn(np.random.default_rng(1), n, signals=(0.8, 0.2))

    def difference(keep):
        return metric.value(PairScores(*(x[keep] for x in first))) - metric.value(
            PairScores(*(x[keep] for x in second))
        )

    left_out = np.array([difference(np.arange(n) != i) for i in range(n)])
    jackknife = math.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum())
    assert metric.influence is not None
    interval = delong_interval(metric.influence(PairScores(*first)), metric.influence(PairScores(*second)))
    assert interval.se == pytest.approx(jackknife, rel=0.04)


@pytest.mark.parametrize("offset_sd", [0.0, 3.0])
def test_coverage_is_within_two_points_of_95_per_cent(offset_sd):
    """1,500 draws of 120 pairs; the true difference is that of the normal scores, 0 by symmetry here."""
    rng, covered = np.random.default_rng(2), 0
    for _ in range(1500):
        first, second = _drawn(rng, 120, offset_sd=offset_sd)
        interval = delong_interval(_influence(*first), _influence(*second))
        covered += interval.low <= 0 <= interval.high
    assert covered / 1500 == pytest.approx(0.95, abs=0.02)


def test_every_pair_three_times_under_one_prompt_says_no_more():
    first, second = _drawn(np.random.default_rng(3), 50)
    once = delong_interval(_influence(*first), _influence(*second))
    first, second = ([np.tile(x, 3) for x in side] for side in (first, second))
    prompt = np.tile(np.arange(50), 3)
    thrice = delong_interval(_influence(*first), _influence(*second), prompt=prompt)
    assert (thrice.mean, thrice.se) == pytest.approx((once.mean, once.se), rel=1e-9)


def test_equal_checkpoints_have_no_interval_and_other_pairs_are_refused():
    interval = delong_interval(np.ones(5), np.ones(5))
    assert interval.mean == 0 and math.isnan(interval.se) and interval.note
    with pytest.raises(ValueError, match="two arrays"):
        delong_interval(np.ones(5), np.ones(4))
