"""Lists from score rows, and their measurements."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from benchbench.comparison.lists.measure import lists, measure_lists
from benchbench.core.errors import BenchError


def _rows(lengths, seed=0) -> pd.DataFrame:
    """Score rows of lists of these lengths, in a mixed order."""
    rng = np.random.default_rng(seed)
    rows = [
        {"example": f"e{i}", "candidate": c, "logp_sum": rng.normal(), "ref_logp_sum": rng.normal(),
         "column_rating": float(rng.integers(0, 4))}
        for i, length in enumerate(lengths)
        for c in range(length)
    ]  # fmt: skip
    return pd.DataFrame(rows).sample(frac=1, random_state=seed)


def test_rows_in_any_order_become_lists_of_their_own_length():
    rows = _rows([3, 2, 4])
    ranked = lists(rows, "implicit", gold="rating")
    assert ranked.examples == ("e0", "e1", "e2") and ranked.scores.shape == (3, 4)
    assert np.isnan(ranked.scores).sum(axis=1).tolist() == [1, 2, 0]
    row = rows[(rows.example == "e2") & (rows.candidate == 3)].iloc[0]
    assert ranked.scores[2, 3] == row.logp_sum - row.ref_logp_sum
    assert ranked.gold[2, 3] == row.column_rating


def test_lists_without_a_value_are_left_out_and_counted():
    """Two lists, of one all ratings are 0: NDCG of the other alone, tau-b too, top-1 and reciprocal rank of both."""
    rows = pd.DataFrame(
        {"example": list("aabb"), "candidate": [0, 1, 0, 1], "logp_sum": [2.0, 1.0, 2.0, 1.0],
         "column_gold": [0.0, 0.0, 1.0, 0.0]}
    )  # fmt: skip
    measured = {m.metric: m for m in measure_lists(rows, "logp_sum")}
    assert {name: (m.value, m.n) for name, m in measured.items()} == {
        "top1": (1.0, 2), "ndcg": (1.0, 1), "reciprocal_rank": (1.0, 2), "kendall_tau_b": (1.0, 1),
    }  # fmt: skip
    assert measured["ndcg"].note == "left out: 1 of 2 lists (no candidate is relevant)"
    assert math.isnan(measured["ndcg"].se) and measured["reciprocal_rank"].se == 0.0


def test_the_standard_error_is_over_lists():
    measured = measure_lists(_rows([4] * 40), "logp_sum", gold="rating")
    assert all(0 < m.se < 0.2 and m.direction == "higher" for m in measured)


def test_what_cannot_be_ranked_is_refused():
    rows = _rows([3, 3])
    with pytest.raises(BenchError, match="rating"):
        lists(rows, "logp_sum", gold="ratings")
    with pytest.raises(BenchError, match="scoring"):
        lists(rows, "logp", gold="rating")
    with pytest.raises(ValueError, match="one twice"):
        lists(pd.concat([rows, rows]), "logp_sum", gold="rating")
    with pytest.raises(ValueError, match="one alone"):
        lists(_rows([3, 1]), "logp_sum", gold="rating")
    with pytest.raises(ValueError, match="finite"):
        lists(rows.assign(logp_sum=math.nan), "logp_sum", gold="rating")
