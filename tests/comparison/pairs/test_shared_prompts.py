"""Pairs of one prompt are one cluster: a test set that has every pair twice says no more than one that has it once."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchbench import metrics
from benchbench.comparison.pairs.compare import compare
from benchbench.comparison.pairs.measure import measure
from benchbench.comparison.pairs.scorings import pairs
from benchbench.comparison.stats.bootstrap import resample
from benchbench.core.errors import BenchError
from benchbench.core.measurement import PairScores
from benchbench.report.comparison import markdown_table

from ..oracles import paired_bootstrap
from ..rows import cell, toy_cells

NAMED = [name for name in metrics.names() if not metrics.get(name).columns + metrics.get(name).scorings]


def _prompted(frame: pd.DataFrame, copies: int) -> pd.DataFrame:
    """Every pair so many times, each time under another id and the same prompt."""
    frame = frame.assign(prompt=frame["example"])
    return pd.concat([frame.assign(example=frame["example"] + f"-{copy}") for copy in range(copies)])


def _compared(copies: int, seeds=(13, 42, 3407)):
    cells = toy_cells({"dpo": 0.0, "simpo": 0.2}, seeds=seeds, n=60)
    made = [cell(one.label, one.seed, _prompted(one.frame, copies)) for one in cells]
    return compare(made, baseline="dpo", metrics=NAMED, rng_seed=5, draws=200)


@pytest.mark.parametrize("seeds", [(13, 42, 3407), (13, 42, 3407, 7, 11, 19)])
def test_every_pair_twice_changes_no_interval(seeds):
    for once, twice in zip(_compared(1, seeds), _compared(2, seeds), strict=True):
        assert (once.metric, once.scoring, once.candidate) == (twice.metric, twice.scoring, twice.candidate)
        assert (once.n, once.prompts, twice.n, twice.prompts) == (60, 60, 120, 60)
        for name in ("mean", "difference", "low", "high", "p", "minimum_detectable_difference"):
            assert getattr(twice, name) == pytest.approx(getattr(once, name), rel=1e-9, abs=1e-12, nan_ok=True), name


def test_nor_any_standard_error():
    frame = toy_cells({"dpo": 0.0}, seeds=(13,), n=60)[0].frame
    for once, twice in zip(measure(_prompted(frame, 1)), measure(_prompted(frame, 3)), strict=True):
        if once.metric == "low_margin":
            continue  # interpolated between other places
        assert twice.value == pytest.approx(once.value, rel=1e-12, nan_ok=True)
        assert twice.se == pytest.approx(once.se, rel=1e-9, nan_ok=True)
        assert math.isnan(once.se) == math.isnan(once.value) or (
            metrics.get(once.metric).se is None and metrics.get(once.metric).per_pair is None
        )


def test_without_prompts_every_pair_is_a_cluster_of_its_own():
    frame = toy_cells({"dpo": 0.0}, seeds=(13,), n=60)[0].frame
    assert pairs(frame).prompt is None and pairs(_prompted(frame, 1)).prompt is None
    assert [m.se for m in measure(frame)] == pytest.approx([m.se for m in measure(_prompted(frame, 1))], nan_ok=True)


def test_pairs_left_out_take_their_prompts_with_them():
    frame = _prompted(toy_cells({"dpo": 0.0}, seeds=(13,), n=6)[0].frame, 2)
    frame["identical"] = frame["example"] == "e0-1"
    found = pairs(frame, exclude=["identical"])
    assert found.prompt is not None and len(found.prompt) == 11 and found.prompt.max() + 1 == 6


def test_the_bootstrap_draws_prompts_whole_and_the_faster_way_agrees():
    """Unequal numbers of pairs: a draw has all pairs of a prompt or none."""
    rng = np.random.default_rng(1)
    prompt = np.array([0, 0, 0, 1, 2, 2, 3, 4, 4, 5])
    cells = [PairScores(rng.normal(size=10), rng.normal(size=10), prompt=prompt) for _ in range(6)]
    seen = []
    metric = metrics.get("auc")

    def value(scores: PairScores) -> float:
        seen.append(len(scores.chosen))
        return metric.value(scores)

    slow = paired_bootstrap(cells[:3], cells[3:], value, rng=np.random.default_rng(2), draws=50)
    assert len(set(seen)) > 3, "draws have other numbers of pairs, since prompts have"
    one, other = (
        resample(cells, metric.value, rng=np.random.default_rng(2), draws=50, counted=counted)
        for counted in (None, metric.resampled)
    )
    np.testing.assert_array_equal(one, other)
    assert slow.low < slow.mean < slow.high


def test_coverage_with_shared_prompts():
    """A prompt's ten pairs move together, a difference of 0 is true: naive intervals miss it half of the time."""
    rng, missed, naive = np.random.default_rng(0), 0, 0
    for _ in range(300):
        shared = np.repeat(rng.normal(size=30), 10)
        own = shared + rng.normal(0, 0.3, 300)
        scores = PairScores(own, np.zeros(300), prompt=np.repeat(np.arange(30), 10))
        alone = PairScores(own, np.zeros(300))
        metric = metrics.get("mean_margin")
        missed += abs(own.mean()) > 2.045 * metric.measure(scores, "logp_sum").se
        naive += abs(own.mean()) > 2.045 * metric.measure(alone, "logp_sum").se
    assert 0.02 <= missed / 300 <= 0.09 and naive / 300 > 0.3


def test_the_table_says_how_many_prompts_there_are():
    assert "- n: pairs, of 60 prompts" in markdown_table(_compared(2), "pair_accuracy", "logp_mean")
    assert "of 60 prompts" not in markdown_table(_compared(1), "pair_accuracy", "logp_mean")


def test_cells_that_share_other_prompts_are_refused():
    cells = toy_cells({"dpo": 0.0, "simpo": 0.2}, seeds=(13,), n=6)
    frames = [_prompted(one.frame, 1) for one in cells]
    frames[1]["prompt"] = ["p", "p", "p", "p", *frames[1]["prompt"][4:]]
    made = [cell(one.label, one.seed, frame) for one, frame in zip(cells, frames, strict=True)]
    with pytest.raises(BenchError, match="share other prompts than those of dpo seed 13"):
        compare(made, baseline="dpo", metrics=[], rng_seed=1)
