"""Accuracy of scores on labelled pairs and across styles, on real pairs and against loops."""

from __future__ import annotations

import gzip
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from .style_matrix import by_domain, preferred, style_matrix, total


def read(path) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("model", "percentage"),
    [
        ("Skywork-Reward-Gemma-2-27B", 66.41),
        ("Skywork-Reward-Llama-3.1-8B", 62.21),
        ("internlm2-7b-reward", 59.54),
        ("internlm2-20b-reward", 66.03),
        ("GRM-Gemma-2B", 61.83),
    ],
)
def test_public_reward_models_on_judgebench(shared, model, percentage):
    rows = read(shared / "comparisons" / "judgebench_objective.jsonl.gz")
    scored = [(row["reward_scores"], row["majority"]) for row in rows if row.get("reward_scores")]
    assert len(scored) == 262
    (name,) = {key for scores, _ in scored for key in scores if key.startswith(model)}
    pairs = np.array([scores[name] if best == "a" else scores[name][::-1] for scores, best in scored])
    found = preferred(pairs[:, 0], pairs[:, 1])
    assert round(100 * found.strict, 2) == percentage
    assert found.low < found.strict < found.high
    assert found.n == 262


@pytest.mark.shared_data
def test_length_as_a_score_is_worst_where_style_misleads(shared):
    """RM-Bench with the number of characters as the score: right where the chosen text is the longer kind."""
    rows = read(shared / "pairs" / "rm_bench_styles.jsonl.gz")
    chosen, rejected = (
        np.array([[float(len(text)) for text in row[f"{side}_by_style"]] for row in rows])
        for side in ("chosen", "rejected")
    )
    domain = [row["source"] for row in rows]
    found = style_matrix(chosen, rejected)
    hard = normal = easy = 0
    for c, r in zip(chosen, rejected, strict=True):
        for i in range(3):
            for j in range(3):
                right = int(c[i] > r[j])
                hard += right * (i < j)
                normal += right * (i == j)
                easy += right * (i > j)
    n = len(rows)
    assert n == found.n == 261
    assert (found.hard, found.normal, found.easy) == pytest.approx((hard / 3 / n, normal / 3 / n, easy / 3 / n))
    assert found.hard < 0.2 < found.normal < 0.5 < 0.75 < found.easy
    domains = by_domain(chosen, rejected, domain)
    assert list(domains) == ["RM-Bench chat", "RM-Bench code"]
    assert sum(matrix.n for matrix in domains.values()) == n
    assert total(domains) == pytest.approx(np.mean([(m.hard + m.normal + m.easy) / 3 for m in domains.values()]))


def test_a_matrix_by_hand():
    """One prompt: the chosen text scores 1, 3, 5 in the three styles, the rejected one 2, 3, 4."""
    found = style_matrix(np.array([[1.0, 3.0, 5.0]]), np.array([[2.0, 3.0, 4.0]]))
    assert found.matrix.tolist() == [[0, 0, 0], [1, 0, 0], [1, 1, 1]]
    assert (found.hard, found.normal, found.easy) == (0.0, pytest.approx(1 / 3), 1.0)
    assert found.score == pytest.approx(4 / 9)


scores = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)


@given(scores)
def test_ties_are_wrong_or_one_half(pairs):
    better, worse = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    one, other = preferred(better, worse), preferred(worse, better)
    assert one.strict + other.strict + one.tie_rate == pytest.approx(1)
    assert one.half + other.half == pytest.approx(1)
    assert one.half == pytest.approx(one.strict + one.tie_rate / 2)


def test_the_interval_is_wilsons():
    found = preferred(np.array([1.0] * 7 + [0.0] * 3), np.full(10, 0.5), level=0.9)
    z, p, n = stats.norm.ppf(0.95), 0.7, 10
    centre, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (found.low, found.high) == pytest.approx(
        ((centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n))
    )


def test_a_constant_score_is_one_half():
    found = preferred(np.zeros(4), np.zeros(4))
    assert (found.strict, found.half, found.tie_rate) == (0.0, 0.5, 1.0)


def test_no_pairs_are_nan():
    found = preferred(np.empty(0), np.empty(0))
    assert math.isnan(found.strict) and math.isnan(found.low) and found.n == 0


@pytest.mark.parametrize(
    ("chosen", "rejected", "message"),
    [
        (np.zeros((2, 3)), np.zeros((2, 2)), "two arrays of 2 dimension"),
        (np.zeros((2, 1)), np.zeros((2, 1)), "two styles or more"),
        (np.zeros((0, 3)), np.zeros((0, 3)), "one prompt or more"),
        (np.zeros((1, 3)), np.full((1, 3), np.nan), "not finite"),
    ],
)
def test_what_is_no_style_matrix(chosen, rejected, message):
    with pytest.raises(ValueError, match=message):
        style_matrix(chosen, rejected)
