"""The paired multi-bootstrap: exact identities, reproducibility, coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench import metrics
from benchbench.comparison.bootstrap import FEW_SEEDS, bootstrap_interval, paired_bootstrap, resample
from benchbench.comparison.intervals import crossed_interval
from benchbench.core.measurement import PairScores

AUC = metrics.get("auc").value
MEAN_MARGIN = metrics.get("mean_margin").value


def _cells(k, *, n=120, effect=0.0, seed_sd=0.1, rng_seed=0):
    """Candidate and baseline of k seeds over the same n prompts, with a shared offset per prompt."""
    rng = np.random.default_rng(rng_seed)
    offset, hardness = rng.normal(size=n), rng.normal(0, 0.5, n)
    candidate, baseline = [], []
    for _ in range(k):
        gain = effect + rng.normal(0, seed_sd) + hardness
        candidate.append(PairScores(offset + 0.5 + gain + rng.normal(size=n), offset + rng.normal(size=n)))
        baseline.append(PairScores(offset + 0.5 + rng.normal(size=n), offset + rng.normal(size=n)))
    return candidate, baseline


@pytest.mark.parametrize("name", [name for name in metrics.names() if metrics.get(name).resampled is not None])
@given(data=st.data())
def test_the_faster_way_says_the_same_to_the_last_bit(name: str, data):
    """With ties, and in blocks."""
    metric, n = metrics.get(name), data.draw(st.integers(1, 9))
    numbers = st.lists(st.integers(-3, 3).map(float), min_size=n, max_size=n).map(np.array)
    cells = [PairScores(data.draw(numbers), data.draw(numbers)) for _ in range(2)]
    one_by_one = resample(cells, metric.value, rng=np.random.default_rng(3), draws=7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchbench.comparison.bootstrap._LARGEST_BLOCK", data.draw(st.integers(1, 40)))
        found = resample(cells, metric.value, rng=np.random.default_rng(3), draws=7, counted=metric.resampled)
    assert (found == one_by_one).all()


def test_the_metrics_that_sort_have_a_faster_way():
    assert {name for name in metrics.names() if metrics.get(name).resampled is not None} == {"auc", "auc_centred"}


def test_for_a_mean_it_is_the_crossed_interval():
    """The spread over prompts comes from 4,000 draws here and from mean squares there."""
    candidate, baseline = _cells(3, effect=0.3)
    drawn = paired_bootstrap(candidate, baseline, MEAN_MARGIN, rng=np.random.default_rng(0), draws=4000)
    exact = crossed_interval(np.stack([c.margin - b.margin for c, b in zip(candidate, baseline, strict=True)]))
    assert drawn.mean == pytest.approx(exact.mean, rel=1e-12)
    assert drawn.se == pytest.approx(exact.se, rel=0.03)
    assert drawn.df == pytest.approx(exact.df, rel=0.1)


def test_the_same_generator_gives_the_same_interval_and_another_seed_another():
    candidate, baseline = _cells(3)
    one, same, other = (
        paired_bootstrap(candidate, baseline, AUC, rng=np.random.default_rng(seed), draws=50) for seed in (1, 1, 2)
    )
    assert one == same
    assert one.low != other.low and one.mean == other.mean


def test_prompts_are_resampled_once_for_all_cells():
    """Two equal cells stay equal in every draw; a cell's draws do not depend on its neighbours."""
    candidate, _ = _cells(2)
    pair = resample([candidate[0], candidate[0]], AUC, rng=np.random.default_rng(0), draws=20)
    np.testing.assert_array_equal(pair[:, 0], pair[:, 1])
    alone = resample([candidate[0]], AUC, rng=np.random.default_rng(0), draws=20)
    np.testing.assert_array_equal(pair[:, 0], alone[:, 0])
    assert np.ptp(pair[:, 0]) > 0


def test_columns_are_resampled_with_their_pairs():
    """Gold equal to the score: full agreement in every draw, which no mixed-up column would give."""
    rng = np.random.default_rng(0)
    chosen, rejected = rng.normal(size=40), rng.normal(size=40)
    scores = PairScores(chosen, rejected, {"gold": (chosen, rejected)})
    drawn = resample([scores], metrics.get("gold_pair_accuracy").value, rng=rng, draws=20)
    assert drawn.tolist() == [[1.0]] * 20


def test_few_seeds_get_the_crossed_form_and_many_the_percentiles():
    few = paired_bootstrap(*_cells(FEW_SEEDS), AUC, rng=np.random.default_rng(0), draws=40)
    many = paired_bootstrap(*_cells(FEW_SEEDS + 1), AUC, rng=np.random.default_rng(0), draws=40)
    assert few.method == "paired bootstrap (40 draws), crossed t"
    assert many.method == "paired bootstrap (40 draws), percentile"


def test_the_percentile_p_is_two_sided_and_never_below_one_over_the_draws():
    """A difference of 1 in every draw and seed but for noise: no draw on the other side, so p = 1 / 200."""
    drawn = 1 + 0.01 * np.random.default_rng(0).normal(size=(200, 6))
    found = bootstrap_interval(drawn[0], drawn, rng=np.random.default_rng(0), n=50)
    assert found.p == 1 / 200
    one_in_twenty = np.where(np.arange(200) % 20 == 0, -1.0, 1.0)[:, None] * np.ones(6)
    assert bootstrap_interval(drawn[0], one_in_twenty, rng=np.random.default_rng(0), n=50).p == 0.1
    centred = bootstrap_interval(drawn[0] - 1, drawn - 1, rng=np.random.default_rng(0), n=50)
    assert centred.p > 0.05 and centred.low < 0 < centred.high


def test_the_percentile_bounds_are_quantiles_of_the_seed_resampled_means():
    """With constant columns 0..5 the means of six drawn seeds have mean 2.5 and variance 35 / 12 / 6."""
    drawn = np.tile(np.arange(6.0), (20000, 1)) + 1e-9 * np.random.default_rng(1).normal(size=(20000, 6))
    found = bootstrap_interval(np.arange(6.0), drawn, rng=np.random.default_rng(0), n=50)
    assert found.mean == 2.5
    assert found.se == pytest.approx(math.sqrt(35 / 72), rel=0.02)
    assert (found.low, found.high) == pytest.approx((2.5 - 1.33, 2.5 + 1.33), abs=0.1)


@pytest.mark.parametrize("k", [1, 3])
def test_no_spread_is_no_interval(k):
    candidate, baseline = _cells(k)
    found = paired_bootstrap(candidate, candidate if k > 1 else baseline, AUC, rng=np.random.default_rng(0), draws=10)
    assert math.isnan(found.low) and math.isnan(found.p)
    assert found.note.startswith("one seed" if k == 1 else "all differences are equal")


def test_unequal_seeds_pairs_and_draws_are_refused():
    candidate, baseline = _cells(3)
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="same seeds"):
        paired_bootstrap(candidate, baseline[:2], AUC, rng=rng)
    with pytest.raises(ValueError, match="same pairs"):
        resample([candidate[0], PairScores(np.zeros(3), np.ones(3))], AUC, rng=rng, draws=2)
    with pytest.raises(ValueError, match="at least 2 draws"):
        paired_bootstrap(candidate, baseline, AUC, rng=rng, draws=1)


def test_it_covers_where_the_percentile_form_does_not():
    """Three seeds that dominate, 95 %: 250 repetitions with the mean margin, whose truth is known.

    Draws of the three seed means on resampled prompts are made directly, which is what `resample` gives
    for a mean. The percentile form of the same draws covers about .82.
    """
    rng = np.random.default_rng(7)
    crossed = percentile = 0
    for _ in range(250):
        differences = rng.normal(0, 0.3, (3, 1)) + rng.normal(0, 0.3, (1, 60)) + rng.normal(0, 0.4, (3, 60))
        weights = rng.multinomial(60, np.full(60, 1 / 60), size=200) / 60  # [draws, n]
        drawn = weights @ differences.T  # [draws, 3]
        found = bootstrap_interval(differences.mean(axis=1), drawn, rng=rng, n=60)
        crossed += found.low <= 0 <= found.high
        means = np.take_along_axis(drawn, rng.integers(3, size=(200, 3)), axis=1).mean(axis=1)
        percentile += np.quantile(means, 0.025) <= 0 <= np.quantile(means, 0.975)
    assert 0.91 <= crossed / 250 <= 0.985
    assert percentile / 250 < 0.88
