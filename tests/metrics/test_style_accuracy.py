"""Mean of the hard, normal and easy accuracies over styles, RM-Bench's score of a domain."""

from __future__ import annotations

import gzip
import json
import math

import numpy as np
import pytest
from comparison.pairs.style_matrix import style_matrix

from benchbench import metrics
from benchbench.metrics.style_accuracy import METRIC

from .scores import pair_scores
from .styles import expanded


def test_by_hand():
    """One prompt in three styles, chosen 1, 3, 5 and rejected 2, 3, 4: of the three parts 0, 1/3 and 1 are right."""
    value = METRIC.value(expanded(np.array([[1.0, 3.0, 5.0]]), np.array([[2.0, 3.0, 4.0]])))
    assert value == pytest.approx(4 / 9)


def test_as_from_whole_prompts_on_random_scores_with_ties():
    chosen, rejected = np.random.default_rng(0).integers(0, 4, (2, 30, 3)).astype(float)
    assert METRIC.value(expanded(chosen, rejected)) == pytest.approx(style_matrix(chosen, rejected).score, rel=1e-12)


@pytest.mark.shared_data
def test_length_as_a_score_on_the_real_texts_of_rm_bench(shared):
    """261 prompts in three styles: the score of the domain and its parts as from whole prompts."""
    with gzip.open(shared / "pairs" / "rm_bench_styles.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    chosen, rejected = (
        np.array([[float(len(text)) for text in row[f"{side}_by_style"]] for row in rows])
        for side in ("chosen", "rejected")
    )
    pairs, matrix = expanded(chosen, rejected), style_matrix(chosen, rejected)
    assert METRIC.value(pairs) == pytest.approx(matrix.score, rel=1e-12)
    parts = [metrics.get(f"style_{name}_accuracy").value(pairs) for name in ("hard", "normal", "easy")]
    assert parts == pytest.approx([matrix.hard, matrix.normal, matrix.easy], rel=1e-12)
    assert parts[0] < 0.2 < parts[1] < 0.5 < 0.75 < parts[2]


def test_a_combination_without_pairs_leaves_it_undefined():
    measured = METRIC.measure(pair_scores([1.0, 1.0], [0.0, 0.0], style_rank=([0, 1], [0, 1])), "reward_model")
    assert math.isnan(measured.value) and measured.note == "2 of 4 combinations of styles have no pair"
