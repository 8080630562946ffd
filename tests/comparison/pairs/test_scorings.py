"""From score rows to pair scores."""

from __future__ import annotations

import numpy as np
import pytest

from benchbench.comparison.pairs.scorings import SCORINGS, ScoringNotAvailableError, pairs
from benchbench.core.errors import BenchError

from ..rows import pair_scores, score_frame


@pytest.fixture
def frame():
    """Three pairs: sums -10, -30, -60 against -20, -50, -40, ten tokens each."""
    return score_frame([-1.0, -3.0, -6.0], [-2.0, -5.0, -4.0])


def test_logp_mean_is_the_scorers_own_mean(frame):
    """In the precision the scorer was asked for; dividing the sum here would undo its rounding."""
    frame["logp_mean"] = [-0.5, -1.0, -1.5, -2.0, -2.5, -3.0]
    assert pair_scores(frame, "logp_mean").margin.tolist() == [0.5, 0.5, 0.5]


def test_logp_sum_is_the_sum(frame):
    assert pair_scores(frame, "logp_sum").margin.tolist() == [10.0, 20.0, -20.0]


def test_implicit_is_the_log_ratio_without_beta(frame):
    frame["ref_logp_sum"] = [-11.0, -22.0, -33.0, -44.0, -55.0, -66.0]
    scores = pair_scores(frame, "implicit")
    assert scores.chosen.tolist() == [1.0, 3.0, -5.0]
    assert scores.rejected.tolist() == [2.0, -6.0, 26.0]


def test_reward_model_is_the_reward(frame):
    frame["reward"] = [3.0, 1.0, 0.5, 0.25, -1.0, 2.0]
    assert pair_scores(frame, "reward_model").margin.tolist() == [2.0, 0.25, -3.0]


def test_pairs_are_sorted_by_example_as_text_whatever_the_order_of_the_rows():
    frame = score_frame(np.arange(12.0), np.zeros(12))
    shuffled = frame.sample(frac=1, random_state=1)
    assert pairs(shuffled).examples == ("e0", "e1", "e10", "e11", *(f"e{i}" for i in range(2, 10)))
    assert pair_scores(shuffled, "logp_mean").chosen.tolist() == [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]
    np.testing.assert_array_equal(pair_scores(shuffled, "logp_sum").chosen, pair_scores(frame, "logp_sum").chosen)


def test_columns_travel_without_their_prefix(frame):
    frame["column_gold"] = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    chosen, rejected = pair_scores(frame, "logp_sum").columns["gold"]
    assert chosen.tolist() == [1.0, 3.0, 5.0] and rejected.tolist() == [2.0, 4.0, 6.0]
    assert pairs(frame).columns == ("gold",)


def test_the_tie_credit_reaches_the_pair_scores(frame):
    assert pair_scores(frame, "logp_sum", tie_credit=0.0).tie_credit == 0.0


def test_a_flag_on_either_response_leaves_the_pair_out_and_is_counted(frame):
    frame.loc[1, "truncated"] = True  # rejected response of e0
    frame.loc[4, "truncated"] = True  # chosen response of e2
    frame.loc[4, "overlong"] = True
    paired = pairs(frame, exclude=("truncated", "overlong", "empty"))
    assert paired.examples == ("e1",)
    assert paired.left_out == {"truncated": 2}
    assert pairs(frame, exclude=("overlong",)).left_out == {"truncated": 1}, "by its first name"
    assert paired.scores("logp_sum").chosen.tolist() == [-30.0]
    assert pairs(frame).examples == ("e0", "e1", "e2")


def test_a_scoring_without_values_is_not_available_and_not_an_error_of_the_rows(frame):
    assert pairs(frame).available == ("logp_mean", "logp_sum")
    with pytest.raises(ScoringNotAvailableError, match="implicit"):
        pair_scores(frame, "implicit")


def test_one_missing_value_is_available_and_stays_nan(frame):
    frame["reward"] = [3.0, 1.0, 0.5, np.nan, -1.0, 2.0]
    assert "reward_model" in pairs(frame).available
    assert np.isnan(pair_scores(frame, "reward_model").rejected[1])


def test_infinite_scores_do_not_warn(frame):
    frame["ref_logp_sum"] = -np.inf
    frame.loc[0, "logp_sum"] = -np.inf
    assert np.isnan(pair_scores(frame, "implicit").chosen[0])


def test_unknown_names_are_answered_with_the_nearest(frame):
    with pytest.raises(BenchError, match="Did you mean 'logp_mean'"):
        pair_scores(frame, "logp_men")
    with pytest.raises(BenchError, match="unknown flag 'truncted'. Did you mean 'truncated'"):
        pairs(frame, exclude=("truncted",))


@pytest.mark.parametrize(
    ("mend", "message"),
    [
        (lambda f: f.iloc[:0], "found none"),
        (lambda f: f.drop(index=3), "missing in 'e1'"),
        (lambda f: f.drop(index=[0, 2, 4]), "missing in 'e0', 'e1', 'e2'"),
        (lambda f: f.replace({"candidate": {1: 2}}), "found also 2"),
        (lambda f: f.iloc[[0, 1, 2, 3, 4, 5, 5]], "twice in 'e2'"),
        (lambda f: f.assign(seed=[1, 1, 1, 1, 2, 2]), "several values of seed"),
        (lambda f: f.assign(split=list("aabbbb"), method=list("aabbbb")), "several values of method, split"),
    ],
)
def test_rows_that_are_not_the_pairs_of_one_cell_are_refused(frame, mend, message):
    with pytest.raises(ValueError, match=message):
        pairs(mend(frame))


def test_every_scoring_has_a_unit():
    assert {name: scoring.unit for name, scoring in SCORINGS.items()} == {
        "logp_mean": "nats per token",
        "logp_sum": "nats",
        "implicit": "nats",
        "reward_model": "reward",
    }
