"""Scores that allow no plain answer: every number comes with a note, or is refused; none is silent, none is certain."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from benchbench import metrics
from benchbench.comparison.pairs.compare import compare
from benchbench.comparison.pairs.grid import MissingRunsError, ScoredCell
from benchbench.comparison.pairs.measure import measure
from benchbench.comparison.pairs.table import Comparison
from benchbench.core.errors import BenchError

from ..rows import cell, score_frame

LABELS, SEEDS, PAIRS = ("dpo", "simpo", "sft"), (1, 2, 3), 24
GROUPS = np.arange(PAIRS) % 3
COLUMNS = {
    "column_gold": np.tile([1.0, 0.0], PAIRS),
    "column_group": np.repeat(GROUPS, 2).astype(float),
    "column_style_rank": np.tile([0.0, 1.0, 2.0, 1.0, 1.0, 1.0], PAIRS // 3),
}
EVERY = metrics.names()
ROUNDING = 1e-12
"""Widths below it are rounding: scores here are of the order of ten."""
Scores = tuple[np.ndarray, np.ndarray]


def scores(label: str, seed: int, n: int = PAIRS) -> Scores:
    """Chosen and rejected scores of a cell, drawn from a stream of its own; sft is the weakest."""
    rng = np.random.default_rng([len(label), seed])
    return rng.normal(0.5 if label != "sft" else 0.1, 1, n), rng.normal(0, 1, n)


def cells(make: Callable[[str, int], Scores], *, seeds: Sequence[int] = SEEDS) -> list[ScoredCell]:
    """A cell for every label and seed, with reference, rewards and every column that a metric may read."""
    made = []
    for label in LABELS:
        for seed in seeds:
            chosen, rejected = make(label, seed)
            columns = {name: values[: 2 * len(chosen)] for name, values in COLUMNS.items()}
            lengths = np.tile([9, 12, 11], PAIRS)[: 2 * len(chosen)]
            frame = score_frame(chosen, rejected, seed=seed, method=label, n_tokens=lengths, **columns)
            reference = np.random.default_rng(0).normal(-1, 1, len(frame))
            made.append(cell(label, seed, frame.assign(ref_logp_sum=reference)))
    return made


def compared(rows: Sequence[ScoredCell]) -> list[Comparison]:
    """Every metric that the cells give, with warnings as errors: a library that warns has met what nobody foresaw."""
    given = [name for name in EVERY if not metrics.get(name).scorings]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return compare(rows, baseline="dpo", metrics=given, rng_seed=0, draws=40)


def silent(row: Comparison) -> str:
    """What is wrong with a row that says something without saying how far it goes; mostly empty."""
    if not all(map(math.isfinite, row.values)) and not row.note:
        return "a value is undefined and no note says why"
    if row.candidate == row.baseline:
        return "" if math.isnan(row.difference) and math.isnan(row.p) else "the baseline differs from itself"
    bounds = (row.low, row.high)
    if any(map(math.isnan, bounds)):
        if not row.note:
            return "no interval and no note"
        return "" if math.isnan(row.p) and math.isnan(row.minimum_detectable_difference) else "a test without interval"
    if not row.high - row.low > ROUNDING:
        return "an interval of width nothing"
    if not row.low <= row.difference <= row.high or not 0 <= row.p <= 1:
        return "a difference outside its interval, or p outside [0, 1]"
    detectable = row.minimum_detectable_difference
    if math.isnan(detectable):
        return "" if row.note else "no detectable difference and no note"
    return "" if detectable > 0 else "a detectable difference of nothing"


def flat(label: str, seed: int) -> Scores:
    return np.zeros(PAIRS), np.zeros(PAIRS)


def flat_beside_others(label: str, seed: int) -> Scores:
    return flat(label, seed) if label == "simpo" else scores(label, seed)


def tied(label: str, seed: int) -> Scores:
    chosen, _ = scores(label, seed)
    return chosen, chosen


def without_spread(label: str, seed: int) -> Scores:
    """Every pair has the same margin, in every run."""
    offset = np.linspace(-1, 1, PAIRS)
    return offset + (0.5 if label == "dpo" else 0.25), offset


def same_in_every_seed(label: str, seed: int) -> Scores:
    return scores(label, 1)


def with_nan(label: str, seed: int) -> Scores:
    chosen, rejected = scores(label, seed)
    if (label, seed) == ("simpo", 2):
        chosen[3] = math.nan
    return chosen, rejected


def with_infinity(label: str, seed: int) -> Scores:
    chosen, rejected = scores(label, seed)
    if label == "sft":
        rejected[0] = -math.inf
    return chosen, rejected


def one_pair(label: str, seed: int) -> Scores:
    return scores(label, seed, 1)


def two_pairs(label: str, seed: int) -> Scores:
    return scores(label, seed, 2)


def all_right(label: str, seed: int) -> Scores:
    rejected = np.linspace(-1, 1, PAIRS)
    return rejected + 1 + seed + len(label), rejected


def none_right_beside_all_right(label: str, seed: int) -> Scores:
    return all_right(label, seed) if label == "dpo" else all_right(label, seed)[::-1]


BAD = (
    flat, flat_beside_others, tied, without_spread, same_in_every_seed, with_nan, with_infinity, one_pair, two_pairs,
    all_right, none_right_beside_all_right,
)  # fmt: skip


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
@pytest.mark.parametrize("seeds", [(1,), (1, 2), SEEDS], ids=["one seed", "two seeds", "three seeds"])
def test_no_number_is_silent_and_none_is_certain(make: Callable[[str, int], Scores], seeds: tuple[int, ...]):
    faults = {
        f"{row.metric} under {row.scoring}, {row.candidate}": (
            fault,
            row.difference,
            row.low,
            row.high,
            row.p,
            row.note,
        )
        for row in compared(cells(make, seeds=seeds))
        if (fault := silent(row))
    }
    assert faults == {}


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_a_cell_by_itself_has_a_number_or_a_note(make: Callable[[str, int], Scores]):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for measured in measure(cells(make)[4].frame):
            where = f"{measured.metric} under {measured.scoring}"
            assert math.isfinite(measured.value) or measured.note, where
            assert math.isnan(measured.se) or measured.se >= 0, where


def test_all_ties_are_one_half_and_said():
    rows = [row for row in compared(cells(tied)) if (row.metric, row.scoring) == ("pair_accuracy", "logp_sum")]
    assert all(row.values == (0.5, 0.5, 0.5) and "100.0% of the pairs tie" in row.note for row in rows)


def test_copies_of_one_run_are_one_run():
    rows = [r for r in compared(cells(same_in_every_seed)) if r.metric == "pair_accuracy" and r.candidate == "simpo"]
    assert {row.runs for row in rows} == {1} and all("one run" in row.note or "copies" in row.note for row in rows)


def test_unequal_seeds_and_a_missing_seed_are_refused_with_their_names():
    rows = cells(scores)
    with pytest.raises(MissingRunsError, match="simpo: no finished run for seed 3"):
        compared([c for c in rows if (c.label, c.seed) != ("simpo", 3)])
    with pytest.raises(MissingRunsError, match=r"dpo: no finished run for seed 3\.\n"):
        compared([c for c in rows if (c.label, c.seed) not in {("dpo", 3), ("simpo", 1)}])


def test_rows_of_another_scorer_version_are_refused():
    rows = cells(scores)
    rows[4] = cell("simpo", 2, rows[4].frame.assign(scorer_version=2))
    with pytest.raises(BenchError, match="simpo seed 2: expected rows of scorer version 1, found 2; score it again"):
        compared(rows)
