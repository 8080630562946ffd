"""All measurements of one cell."""

from __future__ import annotations

import math

import numpy as np
import pytest

from benchbench import metrics
from benchbench.comparison.pairs.measure import measure

from ..rows import score_frame


def _by_key(measured):
    return {(m.metric, m.scoring): m for m in measured}


def test_every_metric_under_every_available_scoring_and_gold_only_with_its_column():
    plain = _by_key(measure(score_frame([1.0, 2.0], [0.0, 3.0])))
    of_any = {name for name in metrics.names() if not metrics.get(name).scorings}
    with_columns = {name for name in of_any if metrics.get(name).columns}
    without_gold = of_any - with_columns | {"ranking_accuracy"}
    assert set(plain) == {(name, scoring) for name in without_gold for scoring in ("logp_mean", "logp_sum")}
    frame = score_frame([1.0, 2.0], [0.0, 3.0], column_gold=[1.0, 0.0, 1.0, 0.0])
    frame["reward"] = [1.0, 0.0, 0.0, 1.0]
    full = _by_key(measure(frame))
    with_gold = of_any - with_columns | {"gold_pair_accuracy"}
    scorings = ("logp_mean", "logp_sum", "reward_model")
    assert set(full) == {(name, s) for name in with_gold for s in scorings} | {
        ("ranking_accuracy", s) for s in scorings[:2]
    }


def test_what_the_reference_says_is_measured_where_it_was_scored_and_of_log_probabilities_alone():
    """Ten tokens; the reference has 2 and 5 nats against the pairs in sum, 0.2 and 0.5 per token."""
    frame = score_frame([1.0, 2.0], [0.0, 3.0])
    frame["ref_logp_sum"] = [-3.0, -1.0, -9.0, -4.0]
    measured = _by_key(measure(frame))
    of_reference = {name for name in metrics.names() if "reference" in metrics.get(name).reads}
    assert {key for key in measured if key[0] in of_reference} == {
        (name, scoring) for name in of_reference for scoring in ("logp_mean", "logp_sum")
    }
    assert measured["reference_difficulty", "logp_sum"].value == 3.5
    assert measured["reference_difficulty", "logp_mean"].value == pytest.approx(0.35)
    assert measured["reference_difficulty", "logp_mean"].unit == "nats per token"
    assert measured["flip_rate", "logp_sum"].value == 0.5


def test_rows_of_rewards_alone_are_measured_as_probabilities_too():
    """Margins 1 and -1: squares of sigmoid(-1) and sigmoid(1)."""
    frame = score_frame([1.0, 2.0], [0.0, 3.0], column_group=[0.0, 0.0, 1.0, 1.0])
    frame["reward"] = [1.0, 0.0, 2.0, 3.0]
    frame[["logp_sum", "logp_mean", "ref_logp_sum"]] = math.nan
    measured = _by_key(measure(frame))
    assert {scoring for _, scoring in measured} == {"reward_model"}
    assert measured["brier", "reward_model"].value == pytest.approx((0.2689414214**2 + 0.7310585786**2) / 2, rel=1e-9)
    assert measured["worst_group_accuracy", "reward_model"].value == 0.0
    assert ("calibration_error", "reward_model") in measured


def test_the_values_by_hand_with_the_unit_of_the_scoring():
    """Margins 1 and -1 per token, so 10 and -10 in sum."""
    measured = _by_key(measure(score_frame([1.0, 2.0], [0.0, 3.0])))
    assert measured["pair_accuracy", "logp_mean"].value == 0.5
    assert measured["pair_accuracy", "logp_mean"].unit == "fraction"
    assert measured["chosen_mean", "logp_mean"].value == 1.5
    assert measured["chosen_mean", "logp_mean"].unit == "nats per token"
    assert measured["std_margin", "logp_sum"].value == 10.0
    assert measured["std_margin", "logp_sum"].unit == "nats"


def test_the_tie_credit_moves_accuracy_and_its_note_appears_above_one_per_cent():
    chosen, rejected = np.ones(200), np.zeros(200)
    rejected[:2] = 1.0
    assert _by_key(measure(score_frame(chosen, rejected)))["pair_accuracy", "logp_mean"].note == ""
    rejected[2] = 1.0
    measured = _by_key(measure(score_frame(chosen, rejected), tie_credit=0.0))["pair_accuracy", "logp_mean"]
    assert measured.value == 197 / 200
    assert measured.note == "1.5% of the pairs tie"


def test_left_out_pairs_are_reported():
    frame = score_frame([1.0, 2.0, 5.0], [0.0, 3.0, 4.0])
    frame.loc[3, "empty"] = True
    measured = _by_key(measure(frame, exclude=("empty", "identical")))["pair_accuracy", "logp_sum"]
    assert (measured.value, measured.n, measured.note) == (1.0, 2, "left out: 1 empty")


def test_nothing_left_is_nan_with_both_reasons():
    frame = score_frame([1.0, 2.0], [0.0, 3.0])
    frame["identical"] = True
    measured = measure(frame, exclude=("identical",))
    assert measured and all(math.isnan(m.value) and m.n == 0 for m in measured)
    assert {m.note for m in measured} == {"no held-out pairs; left out: 2 identical"}


def test_one_score_that_is_not_finite_spoils_its_scoring_alone():
    frame = score_frame([1.0, 2.0], [0.0, 3.0])
    frame["reward"] = [1.0, 0.0, np.nan, 1.0]
    measured = _by_key(measure(frame))
    assert math.isnan(measured["auc", "reward_model"].value)
    assert measured["auc", "reward_model"].note == "a score is not finite"
    assert measured["auc", "logp_mean"].value == pytest.approx(0.5)
