"""The paired multi-bootstrap: exact identities, reproducibility, coverage."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchbench import metrics
from benchbench.comparison.stats.bootstrap import bootstrap_interval, resample
from benchbench.comparison.stats.intervals import crossed_interval
from benchbench.core.measurement import PairScores

from ..coverage import bootstrapped
from ..oracles import paired_bootstrap

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
@settings(deadline=None)
@given(data=st.data())
def test_the_faster_way_says_the_same_to_the_last_bit(name: str, data):
    """With ties, and in blocks."""
    metric, n = metrics.get(name), data.draw(st.integers(1, 9))
    numbers = st.lists(st.integers(-3, 3).map(float), min_size=n, max_size=n).map(np.array)
    group = data.draw(numbers)
    cells = [PairScores(data.draw(numbers), data.draw(numbers), {"group": (group, group)}, 0.3) for _ in range(2)]
    one_by_one = resample(cells, metric.value, rng=np.random.default_rng(3), draws=7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchbench.comparison.stats.bootstrap._LARGEST_BLOCK", data.draw(st.integers(1, 40)))
        found = resample(cells, metric.value, rng=np.random.default_rng(3), draws=7, counted=metric.resampled)
    assert (found == one_by_one).all()


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("name", [name for name in metrics.names() if metrics.get(name).drawn is not None])
def test_many_draws_at_once_say_the_same_to_the_last_bit(name: str, shared: bool, monkeypatch):
    """Prompts with other numbers of pairs, so that draws have them too; the order of a sum shapes its last bit."""
    metric, rng = metrics.get(name), np.random.default_rng(4)
    prompt = np.sort(rng.integers(60, size=211)) if shared else None
    prompt = None if prompt is None else np.unique(prompt, return_inverse=True)[1]
    cells = [PairScores(rng.normal(size=211), rng.normal(size=211), prompt=prompt) for _ in range(3)]
    cells.append(PairScores(cells[0].chosen.copy(), cells[0].rejected.copy(), prompt=prompt))
    one_by_one = resample(cells, metric.value, rng=np.random.default_rng(3), draws=40)
    for block in (1, 5 * 211, 2**21):
        monkeypatch.setattr("benchbench.comparison.stats.bootstrap._LARGEST_BLOCK", block)
        found = resample(cells, metric.value, rng=np.random.default_rng(3), draws=40, placed=metric.drawn)
        assert (found == one_by_one).all()
    assert (one_by_one[:, 0] == one_by_one[:, 3]).all() and (one_by_one[:, 0] != one_by_one[:, 1]).any()


def test_equal_scores_are_resampled_once():
    calls = []
    (candidate, *_), _ = _cells(1, n=20)

    def value(scores: PairScores) -> float:
        calls.append(scores)
        return MEAN_MARGIN(scores)

    drawn = resample([candidate, candidate], value, rng=np.random.default_rng(0), draws=3)
    assert len(calls) == 3 and (drawn[:, 0] == drawn[:, 1]).all()


def test_large_counts_are_added_without_rounding():
    """float32 holds whole numbers below 2**24 alone; 3,000 pairs go beyond."""
    rng = np.random.default_rng(5)
    scores = PairScores(rng.normal(size=3000).round(2), rng.normal(size=3000).round(2))
    auc = metrics.get("auc")
    assert auc.resampled is not None
    once = auc.resampled(scores, np.ones((2, 3000)))
    assert once.tolist() == [auc.value(scores)] * 2


def test_only_metrics_that_few_ask_for_are_drawn_one_by_one():
    every = ((name, metrics.get(name)) for name in metrics.names())
    slow = {name for name, metric in every if not (metric.per_pair or metric.resampled or metric.drawn or metric.reads)}
    assert {name for name in slow if not name.startswith("style_")} == {"calibration_error"}


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


@pytest.mark.parametrize("k", [3, 5, 6, 10])
def test_every_number_of_seeds_gets_the_crossed_form(k):
    """No estimator that changes at a threshold: p and bounds agree on both sides of five seeds, too."""
    found = paired_bootstrap(*_cells(k), AUC, rng=np.random.default_rng(0), draws=40)
    assert found.method == "paired bootstrap (40 draws), crossed t"
    t = stats.t(found.df)
    assert found.p == pytest.approx(2 * t.sf(abs(found.mean) / found.se))
    assert found.high - found.mean == pytest.approx(t.ppf(0.975) * found.se)
    at_p = paired_bootstrap(*_cells(k), AUC, rng=np.random.default_rng(0), draws=40, level=1 - found.p)
    assert min(abs(at_p.low), abs(at_p.high)) == pytest.approx(0, abs=1e-9)


def test_one_seed_is_over_prompts_alone_and_says_so():
    """For a mean: the standard error of the prompts' differences, from 4,000 draws."""
    candidate, baseline = _cells(1, effect=0.3)
    found = paired_bootstrap(candidate, baseline, MEAN_MARGIN, rng=np.random.default_rng(0), draws=4000)
    differences = candidate[0].margin - baseline[0].margin
    assert found.se == pytest.approx(stats.sem(differences), rel=0.04) and found.df == len(differences) - 1
    assert found.note == "one seed: seed variance not estimated" and "over prompts" in found.method


@pytest.mark.parametrize("k", [1, 3])
def test_no_spread_is_no_interval(k):
    candidate, _ = _cells(k)
    found = paired_bootstrap(candidate, candidate, AUC, rng=np.random.default_rng(0), draws=10)
    assert math.isnan(found.low) and math.isnan(found.p) and found.note.startswith("all differences are equal")


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
        found = bootstrap_interval(differences.mean(axis=1), drawn, n=60)
        crossed += found.low <= 0 <= found.high
        means = np.take_along_axis(drawn, rng.integers(3, size=(200, 3)), axis=1).mean(axis=1)
        percentile += np.quantile(means, 0.025) <= 0 <= np.quantile(means, 0.975)
    assert 0.91 <= crossed / 250 <= 0.985
    assert percentile / 250 < 0.88


@pytest.mark.slow
@pytest.mark.parametrize("name", ["auc", "auc_centred", "std_margin"])
@pytest.mark.parametrize(("k", "noise"), [(3, 0.3), (6, 0.3), (6, 0.0), (10, 0.3)])
def test_it_covers_at_every_number_of_seeds(name, k, noise):
    """The table of docs/statistics.md; the percentile form covers .86 to .89 from six noisy seeds on."""
    assert 0.92 <= bootstrapped(name, k=k, noise=noise, repeats=250).coverage <= 0.99


def test_it_covers_with_six_noisy_seeds():
    """Where the percentile form took over once: 100 repeats, three quarters of a second."""
    assert bootstrapped("std_margin", k=6, noise=0.3, repeats=100).coverage >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["auc", "auc_centred", "std_margin", "low_margin", "calibration_error_equal_mass", "calibration_floor"]
)
def test_ten_thousand_draws_of_ten_methods_and_three_seeds_take_seconds(name: str):
    """2,000 prompts; a default comparison has the first three, and a fifth of the draws."""
    metric, rng = metrics.get(name), np.random.default_rng(0)
    cells = [PairScores(rng.normal(0.3, 1, 2000), rng.normal(0, 1, 2000)) for _ in range(10 * 3)]
    began = time.process_time()
    drawn = resample(cells, metric.value, rng=rng, draws=10_000, counted=metric.resampled, placed=metric.drawn)
    assert time.process_time() - began < 10
    assert drawn.shape == (10_000, 30) and np.isfinite(drawn).all()
