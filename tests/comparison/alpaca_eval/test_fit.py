"""Refitting the length-controlled model of AlpacaEval 2 to real annotations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import make_scorer
from sklearn.model_selection import GroupKFold

from benchbench.comparison.alpaca_eval.fit import PENALTIES, Calibration, bootstrap, refit
from benchbench.comparison.alpaca_eval.leaderboard import length_controlled_row
from benchbench.core.errors import BenchError

from .test_leaderboard import AE2, OFFICIAL, leaderboard

BASELINES = ("concise", "verbose")


@pytest.fixture(scope="module")
def calibration(shared) -> Calibration:
    table = pd.read_csv(shared / "alpaca_eval" / "lc_calibration_reconstructed.csv")
    return Calibration(
        table["instruction_difficulty_est"].to_numpy(),
        np.stack([table[f"gamed_{name}_tanh_len"] for name in BASELINES]),
        np.stack([table[f"gamed_{name}_p_est"] for name in BASELINES]),
    )


@pytest.fixture(scope="module")
def annotations(shared) -> dict[str, pd.DataFrame]:
    """Model -> its annotations by AlpacaEval 2's judge, where there is a published row."""
    table = pd.read_parquet(shared / "alpaca_eval" / "annotations.parquet")
    published = leaderboard(shared)
    groups = table[table["judge"] == AE2].groupby("model", observed=True)
    return {str(model): own.reset_index(drop=True) for model, own in groups if model in published.index}


def toy(n=805) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    lengths = rng.integers(100, 2000, (n, 2))
    preference = 1 + rng.random(n)
    return pd.DataFrame(
        {"index": np.arange(n), "preference": preference, "len_output_1": lengths[:, 0], "len_output_2": lengths[:, 1]}
    )


def toy_calibration() -> Calibration:
    rng = np.random.default_rng(1)
    return Calibration(rng.normal(size=805), rng.uniform(-1, 1, (2, 805)), rng.random((2, 805)))


@pytest.mark.shared_data
def test_refitted_rows_are_within_a_point_of_the_published_ones(shared, annotations, calibration):
    published = leaderboard(shared).length_controlled_winrate
    complete = {model: own for model, own in annotations.items() if len(own) == 805}
    assert (len(annotations), len(complete)) == (29, 24)
    errors = []
    for model, own in complete.items():
        fitted = refit(own, calibration)
        row = length_controlled_row(fitted.weights, calibration.difficulty, order=own["index"].to_numpy())
        errors.append(abs(row.length_controlled_winrate - published[model]))
        assert fitted.weights.length < 0 < fitted.weights.difficulty
    assert np.mean(errors) < 0.5
    assert np.max(errors) < 2


@pytest.mark.shared_data
def test_models_with_missing_rows_are_refused(annotations, calibration):
    short = {model: own for model, own in annotations.items() if len(own) < 805}
    assert set(short) == {"alpaca-7b_concise", "alpaca-7b_verbose", "gpt35_turbo_instruct", "minotaur-13b", "phi-2"}
    for own in short.values():
        with pytest.raises(BenchError, match="are missing"):
            refit(own, calibration)


@pytest.mark.shared_data
@pytest.mark.parametrize("model", ["FuseChat-Gemma-2-9B-Instruct", "alpaca-7b"])
def test_the_choice_of_the_penalty_is_scikit_learns(annotations, calibration, model):
    """The same through LogisticRegressionCV with a scorer that is given each row's probability and weight."""
    own = annotations[model]
    longer = own["len_output_1"] - own["len_output_2"]
    gamed = [np.stack([calibration.gamed_length[i], calibration.difficulty, np.zeros(805)], axis=1) for i in (0, 1)]
    design = np.concatenate(
        [*gamed, np.stack([np.tanh(longer / longer.std()), calibration.difficulty, np.ones(805)], 1)]
    )
    won = np.concatenate([*calibration.gamed_won, own["preference"] - 1])
    weight = np.concatenate([np.full(1610, 0.1), np.ones(805)])
    label, share = np.repeat([1, 0], 2415), np.concatenate([won, 1 - won])

    def loss(_, predicted, share, weight, one):
        share = np.where(one == 1, share, 1 - share)
        return np.mean(weight * (share * np.log(predicted) + (1 - share) * np.log(1 - predicted)))

    with config_context(enable_metadata_routing=True):
        scorer = make_scorer(loss, response_method="predict_proba").set_score_request(share=True, weight=True, one=True)
        cross_validated = LogisticRegressionCV(
            cv=GroupKFold(5),
            scoring=scorer,
            solver="liblinear",
            l1_ratios=(1.0,),
            fit_intercept=False,
            random_state=123,
            use_legacy_attributes=False,
        ).set_fit_request(sample_weight=True)
        twice = np.tile(weight, 2)
        cross_validated.fit(
            np.tile(design, (2, 1)),
            label,
            sample_weight=share * twice,
            groups=np.tile(np.arange(2415), 2),
            share=share,
            weight=twice,
            one=label,
        )
    found = refit(own, calibration)
    assert found.penalty == pytest.approx(cross_validated.C_)
    expected = cross_validated.coef_.ravel()
    assert [found.weights.length, found.weights.difficulty, found.weights.intercept] == pytest.approx(
        expected, abs=1e-9
    )


@pytest.mark.shared_data
def test_the_bootstrap_is_wider_than_the_published_error(annotations, calibration):
    own = annotations["wizardlm-13b"]
    fitted = refit(own, calibration)
    row = length_controlled_row(fitted.weights, calibration.difficulty, order=OFFICIAL)
    found = bootstrap(own, calibration, fitted, rng=np.random.default_rng(0), draws=50)
    assert found.mean == row.length_controlled_winrate
    assert found.low < found.mean < found.high < 50
    assert found.se > 2 * row.lc_standard_error
    again = bootstrap(own, calibration, fitted, rng=np.random.default_rng(0), draws=50)
    assert found == again


@pytest.mark.parametrize(
    ("preference", "told"),
    [(1.0, "every contest was lost"), (2.0, "every contest was won"), (1.5, "every contest has the same verdict")],
)
def test_verdicts_without_spread_have_no_interval(preference, told):
    """Drawing instructions again shows the gamed baselines' spread alone, which is far too little."""
    rows = toy().assign(preference=preference)
    rows.loc[3, "preference"] = np.nan
    fitted = refit(rows, toy_calibration())
    found = bootstrap(rows, toy_calibration(), fitted, rng=np.random.default_rng(0), draws=20)
    row = length_controlled_row(fitted.weights, toy_calibration().difficulty, order=OFFICIAL)
    assert found.mean == row.length_controlled_winrate
    assert np.isnan([found.low, found.high, found.se, found.p]).all()
    assert found.note == f"{told}: no spread to measure, no interval"


def test_a_failure_of_the_judge_is_left_out_of_the_fit_alone():
    rows = toy()
    rows.loc[[3, 700], "preference"] = np.nan
    fitted = refit(rows, toy_calibration())
    assert np.isfinite([fitted.weights.length, fitted.weights.difficulty, fitted.weights.intercept]).all()
    assert fitted.penalty in PENALTIES


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (toy(804), "1 of them are missing"),
        (toy().iloc[::-1], "re-ordered"),
        (toy().assign(preference=np.nan), "expected a preference, found none"),
        (toy().assign(len_output_2=toy()["len_output_1"]), "differ in length"),
    ],
)
def test_what_cannot_be_fitted_is_refused(rows, message):
    with pytest.raises(BenchError, match=message):
        refit(rows, toy_calibration())


def test_a_calibration_of_other_instructions_is_refused():
    with pytest.raises(BenchError, match="gamed_won: expected finite numbers"):
        Calibration(np.zeros(805), np.zeros((2, 805)), np.zeros((2, 804)))
    with pytest.raises(BenchError, match="instruction difficulty"):
        Calibration(np.zeros(10), np.zeros((2, 805)), np.zeros((2, 805)))
