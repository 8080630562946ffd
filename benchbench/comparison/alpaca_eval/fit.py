"""The length-controlled model of AlpacaEval 2, fitted to one model's annotations as the project fits it.

logit P(model wins) = length * tanh(d / sd(d)) + difficulty * g_i + intercept, with d the baseline's characters less the
model's. Soft labels are two weighted rows per instruction; both copies stay in one fold. Rows of two gamed baselines
(the baseline told to be concise, or verbose), without intercept and at a tenth of the weight each, tell length from
quality. The penalty (L1, also on the intercept) is the one of ten with the least held-out log-loss in five folds.
scikit-learn's liblinear and GroupKFold define the procedure, so both are used.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.utils import check_random_state

from benchbench.comparison.alpaca_eval.leaderboard import (
    INSTRUCTIONS,
    Weights,
    check_difficulty,
    check_order,
    length_controlled_row,
    probability,
)
from benchbench.comparison.stats.intervals import Interval, t_interval, undefined_interval
from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array

PENALTIES = np.logspace(-4, 4, 10)
"""Inverse strengths that are tried, scikit-learn's default ten."""
FOLDS = 5
RANDOM_STATE = 123
GAMED_WEIGHT = 0.2 / 2
"""Of each row of the two gamed baselines; they weigh a fifth of the model's rows together."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """What the project computed once for its judge and baseline, by instruction in the official order.

    Raises:
        BenchError: another number of instructions, or a length or difficulty that is not finite.
    """

    difficulty: Array
    """[805]"""
    gamed_length: Array
    """[gamed baselines, 805] tanh of their standardised length differences."""
    gamed_won: Array
    """[gamed baselines, 805] how far they win against the baseline, in [0, 1]; NaN where the judge failed."""

    def __post_init__(self) -> None:
        check_difficulty(self.difficulty)
        for name in ("gamed_length", "gamed_won"):
            values = getattr(self, name)
            numbers = values if name == "gamed_length" else values[~np.isnan(values)]
            if values.ndim != 2 or values.shape[1] != INSTRUCTIONS or not np.isfinite(numbers).all():
                raise BenchError(f"{name}: expected finite numbers [gamed baselines, {INSTRUCTIONS}]")


@dataclass(frozen=True)
class Refit:
    """A fitted model."""

    weights: Weights
    penalty: float
    """The inverse strength that was chosen."""


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows with soft labels."""

    design: Array
    """[m, 3] length, difficulty, intercept."""
    won: Array
    """[m] in [0, 1]."""
    weight: Array
    """[m]"""

    def take(self, rows: Array) -> _Rows:
        return _Rows(self.design[rows], self.won[rows], self.weight[rows])

    def doubled(self) -> tuple[Array, Array, Array]:
        """(design, label, weight) [2 m]: every row once as won and once as lost."""
        label = np.repeat([1, 0], len(self.won))
        return np.tile(self.design, (2, 1)), label, np.concatenate([self.won, 1 - self.won]) * np.tile(self.weight, 2)

    def fit(self, penalty: float, order: int | np.random.RandomState = RANDOM_STATE) -> Array:
        """[3] coefficients; `order` is that of liblinear's steps, which ends within its tolerance whatever it is."""
        design, label, weight = self.doubled()
        model = LogisticRegression(C=penalty, l1_ratio=1.0, solver="liblinear", fit_intercept=False, random_state=order)
        return model.fit(design, label, sample_weight=weight).coef_[0]

    def loss(self, coefficients: Array) -> float:
        logits = self.design @ coefficients
        return float(self.weight @ (np.logaddexp(0, logits) - self.won * logits))


def refit(annotations: pd.DataFrame, calibration: Calibration) -> Refit:
    """The weights of one model against the baseline, from its annotations.

    Args:
        annotations: 805 rows in the official order with columns `index` (the official place), `preference` (NaN where
            the judge failed, which the fit leaves out), `len_output_1` (the baseline's characters), `len_output_2`.
        calibration: of the same judge and baseline.

    Raises:
        BenchError: rows that are missing, doubled or re-ordered; no preference at all; all differences in length equal.
    """
    rows, _ = _training_rows(annotations, calibration)
    losses = np.zeros(len(PENALTIES))
    design, label, _ = rows.doubled()
    groups = np.tile(np.arange(len(rows.won)), 2)
    for train, test in GroupKFold(n_splits=FOLDS).split(design, label, groups):
        training, held_out = (rows.take(np.unique(groups[part])) for part in (train, test))
        # drawn on from penalty to penalty, as by scikit-learn's cross-validation: it decides between penalties that
        # are as good as each other
        order = check_random_state(RANDOM_STATE)
        losses += [held_out.loss(training.fit(penalty, order)) / len(held_out.won) for penalty in PENALTIES]
    penalty = float(PENALTIES[int(np.argmin(losses))])
    return Refit(Weights(*rows.fit(penalty).tolist()), penalty)


def bootstrap(
    annotations: pd.DataFrame,
    calibration: Calibration,
    fitted: Refit,
    *,
    rng: np.random.Generator,
    draws: int = 200,
    level: float = 0.95,
) -> Interval:
    """The length-controlled win rate with an interval that has the judge's noise and that of the weights in it.

    Instructions are drawn with replacement, gamed rows with theirs, and the model is fitted again at the chosen penalty
    (evaluation.md rule B2). A percentage; `p` tests 50. NaN with a note where the verdicts do not differ, since the
    draws then have the spread of the gamed rows alone.
    """
    rows, instruction = _training_rows(annotations, calibration)
    order = np.arange(INSTRUCTIONS)
    value = length_controlled_row(fitted.weights, calibration.difficulty, order=order).length_controlled_winrate
    verdicts = rows.won[rows.design[:, 2] == 1]
    if np.ptp(verdicts) == 0:
        result = {0.0: "was lost", 1.0: "was won"}.get(float(verdicts[0]), "has the same verdict")
        return undefined_interval(value, level=level, note=f"every contest {result}: no spread to measure, no interval")
    of_instruction = [np.flatnonzero(instruction == place) for place in range(INSTRUCTIONS)]
    drawn = np.empty(draws)
    for draw in range(draws):
        places = rng.integers(INSTRUCTIONS, size=INSTRUCTIONS)
        weights = Weights(*rows.take(np.concatenate([of_instruction[place] for place in places])).fit(fitted.penalty))
        at_draw = calibration.difficulty[places]
        drawn[draw] = length_controlled_row(weights, at_draw, order=order).length_controlled_winrate
    se = float(drawn.std(ddof=1))
    if se == 0:
        return undefined_interval(value, level=level, note="no spread to measure, no interval")
    centred = t_interval(
        value - 50, se, INSTRUCTIONS - 1, level=level, method=f"bootstrap over instructions ({draws} draws)"
    )
    return Interval(
        mean=value,
        low=max(centred.low + 50, 0.0),
        high=min(centred.high + 50, 100.0),
        se=se,
        df=centred.df,
        p=centred.p,
        level=level,
        method=centred.method,
    )


def _training_rows(annotations: pd.DataFrame, calibration: Calibration) -> tuple[_Rows, Array]:
    """The gamed baselines' rows and then the model's, and [m] the instruction of each."""
    check_order(annotations["index"].to_numpy())
    longer = (annotations["len_output_1"] - annotations["len_output_2"]).to_numpy(dtype=np.float64)
    won = probability(annotations["preference"].to_numpy())
    sd = float(longer.std(ddof=1))
    if not sd > 0 or np.isnan(won).all():
        what = "outputs that differ in length from the baseline's" if not sd > 0 else "a preference"
        raise BenchError(f"length_controlled_winrate: expected {what}, found none; take the raw win rate")
    gamed = len(calibration.gamed_won)
    instruction = np.tile(np.arange(INSTRUCTIONS), gamed + 1)
    is_model = np.repeat([0.0, 1.0], [gamed * INSTRUCTIONS, INSTRUCTIONS])
    feature = np.concatenate([calibration.gamed_length.ravel(), np.tanh(longer / sd)])
    rows = _Rows(
        np.stack([feature, calibration.difficulty[instruction], is_model], axis=1),
        np.concatenate([calibration.gamed_won.ravel(), won]),
        np.where(is_model == 1, 1.0, GAMED_WEIGHT),
    )
    judged = np.flatnonzero(~np.isnan(rows.won))
    return rows.take(judged), instruction[judged]
