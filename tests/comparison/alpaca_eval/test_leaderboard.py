"""AlpacaEval 2: published rows from real annotations, published length control from published weights, refusals."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchbench.comparison.alpaca_eval.leaderboard import (
    BASELINE,
    Weights,
    check_order,
    extreme_change,
    length_controlled_row,
    probability,
    raw_row,
)
from benchbench.core.errors import BenchError

JUDGES = {
    "weighted_alpaca_eval_gpt4_turbo": 29,
    "alpaca_eval_gpt4": 30,
    "alpaca_eval_gpt4_turbo_fn": 2,
    "alpaca_eval_cot_gpt4_turbo_fn": 6,
}
"""Judge -> models with annotations and a published row."""
AE2 = "weighted_alpaca_eval_gpt4_turbo"
COLUMNS = ["win_rate", "standard_error", "n_wins", "n_wins_base", "n_draws", "n_total", "discrete_win_rate"]
OFFICIAL = np.arange(805)


def leaderboard(shared: Path, judge: str = AE2) -> pd.DataFrame:
    return pd.read_csv(shared / "alpaca_eval" / f"leaderboard.{judge}.csv").set_index("model")


def published_weights(shared: Path) -> dict[str, Weights]:
    table = pd.read_csv(shared / "alpaca_eval" / f"glm_weights.{AE2}.csv").set_index("model")
    return {str(model): Weights(*row) for model, row in zip(table.index, table.to_numpy(), strict=True)}


def difficulty(shared: Path) -> np.ndarray:
    table = pd.read_csv(shared / "alpaca_eval" / "lc_calibration_reconstructed.csv")
    return table["instruction_difficulty_est"].to_numpy()


@pytest.mark.shared_data
@pytest.mark.parametrize("judge", JUDGES)
def test_every_published_raw_row(shared, judge):
    annotations = pd.read_parquet(shared / "alpaca_eval" / "annotations.parquet")
    published = leaderboard(shared, judge)
    compared = 0
    for model, own in annotations[annotations["judge"] == judge].groupby("model", observed=True):
        if model not in published.index:
            continue
        compared += 1
        found = raw_row(own["preference"].to_numpy(), own["len_output_2"].to_numpy())
        row = published.loc[model]
        for column in COLUMNS:
            if not pd.isna(row[column]):  # AlpacaEval 1 printed no discrete win rate for some
                assert getattr(found, column) == pytest.approx(row[column], rel=0, abs=1e-9), (model, column)
        if len(own) == 805:  # else the published mean is over outputs without an annotation too
            assert found.avg_length == row["avg_length"]
    assert compared == JUDGES[judge]


@pytest.mark.shared_data
def test_length_controlled_rows_from_published_weights(shared):
    """The difficulties are an estimate (README of the data), so 0.02 points on average is what can be had."""
    published, gamma = leaderboard(shared), difficulty(shared)
    found = {
        model: length_controlled_row(weights, gamma, order=OFFICIAL)
        for model, weights in published_weights(shared).items()
        if model in published.index
    }
    assert len(found) > 150
    errors = [abs(row.length_controlled_winrate - published.length_controlled_winrate[m]) for m, row in found.items()]
    assert np.mean(errors) < 0.02
    assert np.max(errors) < 0.2
    spread = [abs(row.lc_standard_error - published.lc_standard_error[m]) for m, row in found.items()]
    assert np.isfinite(spread).sum() > 30
    assert np.nanmax(spread) < 0.01


@pytest.mark.shared_data
def test_another_baseline_by_subtraction(shared):
    weights, gamma = published_weights(shared), difficulty(shared)

    def rate(model: str, baseline: str) -> float:
        row = length_controlled_row(weights[model].against(weights[baseline]), gamma, order=OFFICIAL)
        return row.length_controlled_winrate

    assert weights["gpt4_1106_preview"] == BASELINE
    assert rate("gpt4", "gpt4") == 50
    assert rate("gpt4", "gpt4_1106_preview") == pytest.approx(
        leaderboard(shared).length_controlled_winrate["gpt4"], abs=0.1
    )
    assert rate("gpt4", "alpaca-7b") + rate("alpaca-7b", "gpt4") == pytest.approx(100)
    assert rate("gpt4", "alpaca-7b") > 90


@given(st.lists(st.one_of(st.just(0.0), st.just(float("nan")), st.floats(1, 2)), min_size=2))
def test_the_columns_belong_together(preference):
    values = np.array(preference)
    found = raw_row(values, np.full(len(values), 7.9))
    assert found.n_wins + found.n_wins_base + found.n_draws == found.n_total == np.isfinite(values).sum()
    assert found.avg_length == 7
    if not found.n_total:
        assert math.isnan(found.win_rate) and math.isnan(found.discrete_win_rate)
        return
    other = raw_row(np.where(values == 0, 0, 3 - values), np.ones(1))
    assert other.win_rate == pytest.approx(100 - found.win_rate)
    assert other.discrete_win_rate == pytest.approx(100 - found.discrete_win_rate)


def test_zero_is_a_draw():
    assert probability(np.array([0.0, 1.0, 1.5, 2.0])).tolist() == [0.5, 0.0, 0.5, 1.0]
    with pytest.raises(ValueError, match=r"in \[1, 2\]"):
        probability(np.array([0.5]))


def test_the_baseline_against_itself_is_one_half():
    found = length_controlled_row(BASELINE, np.linspace(-3, 3, 805), order=OFFICIAL)
    assert (found.length_controlled_winrate, found.lc_standard_error) == (50, 0)


@pytest.mark.parametrize(
    ("order", "message"),
    [
        (OFFICIAL[:-1], "1 of them are missing .the first is number 804"),
        (np.delete(OFFICIAL, 17), "number 17"),
        (OFFICIAL[::-1], "re-ordered .from row 0 on"),
        (np.r_[0, 2, 1, 3:805], "re-ordered .from row 1 on"),
        (np.r_[OFFICIAL, 804], "there are 806 rows"),
        (np.r_[0, OFFICIAL[:-1]], "1 of them are missing"),
        ([], "805 of them are missing"),
    ],
)
def test_rows_missing_or_re_ordered_are_refused(order, message):
    with pytest.raises(BenchError, match=message):
        check_order(order)
    with pytest.raises(BenchError, match="official order"):
        length_controlled_row(BASELINE, np.zeros(805), order=order)


@pytest.mark.parametrize("gamma", [np.zeros(804), np.full(805, np.nan)])
def test_difficulties_of_other_instructions_are_refused(gamma):
    with pytest.raises(BenchError, match="805 finite numbers"):
        length_controlled_row(BASELINE, gamma, order=OFFICIAL)


@pytest.mark.parametrize(
    ("raw", "controlled", "far"),
    [(20, 9.9, True), (20, 10.1, False), (50, 37.4, True), (50, 37.6, False), (20, 40.1, True), (20, 39.9, False)],
)
def test_a_far_move_is_remarked(raw, controlled, far):
    assert bool(extreme_change(raw, controlled)) == far
