"""Merge sort with a judge: exact without noise, few calls, and a beam where the judge is unsure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import expit

from benchbench.comparison.lists.merge_sort import CountingJudge, most_calls, rank
from benchbench.core.seeding import stream


def noise_free(scores: np.ndarray) -> CountingJudge:
    """Certain of the better candidate."""
    return CountingJudge(lambda i, j: float(scores[i] > scores[j]))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 16, 33])
@pytest.mark.parametrize(("beam", "gap"), [(1, 0.0), (1, 0.2), (5, 0.2)])
def test_a_judge_without_noise_gives_the_exact_order_in_n_log_n_calls(size: int, beam: int, gap: float):
    for seed in range(5):
        scores = stream(seed, "scores").permutation(size).astype(float)
        judge = noise_free(scores)
        assert rank(range(size), judge, beam=beam, gap=gap) == list(np.argsort(-scores))
        assert judge.calls <= most_calls(size) <= size * math.ceil(math.log2(max(size, 2)))


def test_the_worst_case_by_hand():
    """Of two lists of m and n at most m + n - 1 comparisons: 1; 1 + 2; 1 + 1 + 3; 2 * 5 + 7."""
    assert [most_calls(size) for size in (1, 2, 3, 4, 8)] == [0, 1, 3, 5, 17]


def test_a_sorted_list_of_eight_costs_twelve_calls():
    """Each merge ends when its first list is used up: 4 * 1 + 2 * 2 + 4."""
    judge = noise_free(-np.arange(8.0))
    assert rank(range(8), judge) == list(range(8)) and judge.calls == 12


def test_both_orders_of_a_pair_cost_one_call():
    judge = CountingJudge(lambda i, j: 0.75)
    assert (judge(0, 1), judge(1, 0), judge(0, 1), judge.calls) == (0.75, 0.25, 0.75, 1)


def test_a_beam_finds_the_likelier_merge_that_greed_misses():
    """[0, 1] with [2, 3]: greedily 0 (0.51), 2 (0.55), 1 (0.55); with 2 first (0.49) it is 0 (0.99), 1 (0.55).

    The mean of the log-probabilities is that of 0.536 and of 0.644.
    """
    p = {(0, 1): 1.0, (2, 3): 1.0, (0, 2): 0.51, (1, 2): 0.45, (1, 3): 0.55, (0, 3): 0.99}
    assert rank(range(4), CountingJudge(lambda i, j: p[i, j])) == [0, 2, 1, 3]
    assert rank(range(4), CountingJudge(lambda i, j: p[i, j]), beam=2, gap=0.02) == [2, 0, 1, 3]


def test_a_beam_asks_more_where_the_judge_is_unsure_and_not_where_it_is_sure():
    scores = stream(1, "scores").normal(size=12)
    calls = {}
    for scale in (0.3, 100.0):
        for beam in (1, 50):
            judge = CountingJudge(lambda i, j, scale=scale: float(expit(scale * (scores[i] - scores[j]))))
            rank(range(12), judge, beam=beam, gap=0.2)
            calls[scale, beam] = judge.calls
    assert calls[0.3, 50] > calls[0.3, 1]
    assert calls[100.0, 50] == calls[100.0, 1]
