"""AlpacaEval 2 as its leaderboard prints it: raw win rates, and length-controlled ones from fitted weights.

Definitions of the `alpaca_eval` project (commit cd543a14; Dubois et al. 2024, 2404.04475; evaluation.md B2).
All rates are percentages. `preference` is 1 where the baseline (output_1) wins for certain and 2 where the model
(output_2) does; 0 and 1.5 are a draw, NaN a failure of the judge. Fitting the weights is in `fit`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from benchbench.core.errors import BenchError
from benchbench.core.measurement import Array

INSTRUCTIONS = 805
"""Instructions of AlpacaEval; difficulties are looked up by their place in the official order."""


@dataclass(frozen=True, kw_only=True)
class RawRow:
    """The columns of a leaderboard row that come from the annotations alone, under their published names."""

    win_rate: float
    standard_error: float
    n_wins: int
    n_wins_base: int
    n_draws: int
    n_total: int
    """Without the failures of the judge."""
    discrete_win_rate: float
    avg_length: int
    """Characters of the mean output, cut to a whole number."""


@dataclass(frozen=True)
class Weights:
    """Coefficients of one model against one baseline, in the order of the published files' columns."""

    length: float
    """Of tanh(standardised baseline length less model length): below 0 where the judge likes longer texts."""
    difficulty: float
    """Of the instruction's difficulty."""
    intercept: float
    """Of being no gamed baseline."""

    def against(self, baseline: Weights) -> Weights:
        """The weights against another baseline, both fitted against the same one."""
        return Weights(
            self.length - baseline.length,
            self.difficulty - baseline.difficulty,
            self.intercept - baseline.intercept,
        )


BASELINE = Weights(0.0, 0.0, 0.0)
"""Of the baseline against itself, by construction."""


@dataclass(frozen=True)
class LengthControlledRow:
    """The length-controlled columns of a leaderboard row."""

    length_controlled_winrate: float
    lc_standard_error: float
    """As published: spread of the predictions over instructions, without the judge's noise and that of the weights, so
    no uncertainty of the win rate (evaluation.md rule B2; `fit.bootstrap` gives one)."""


BASELINE_ROW = LengthControlledRow(50.0, 0.0)
"""Of the baseline against itself, by construction; the project neither fits it nor looks at its annotations."""


def raw_row(preference: Array, length: Array) -> RawRow:
    """The raw columns of one model's row.

    Args:
        preference: [n] the judge's preferences, NaN where it failed.
        length: [m] characters of the model's outputs; the project takes them from the outputs, of which some may have
            no annotation.

    Raises:
        ValueError: a preference that is neither 0 nor in [1, 2].
    """
    won = probability(preference)
    judged = won[~np.isnan(won)]
    n = len(judged)
    wins, losses = int((judged > 0.5).sum()), int((judged < 0.5).sum())
    draws = n - wins - losses
    return RawRow(
        win_rate=100 * float(judged.mean()) if n else math.nan,
        standard_error=100 * float(judged.std(ddof=1)) / math.sqrt(n) if n > 1 else math.nan,
        n_wins=wins,
        n_wins_base=losses,
        n_draws=draws,
        n_total=n,
        discrete_win_rate=100 * (wins + draws / 2) / n if n else math.nan,
        avg_length=int(length.mean()),
    )


def probability(preference: Array) -> Array:
    """[n] how far the model wins, in [0, 1]; NaN stays.

    Raises:
        ValueError: a preference that is neither 0 nor in [1, 2].
    """
    values = np.where(preference == 0, 1.5, preference.astype(np.float64))
    if not (np.isnan(values) | ((values >= 1) & (values <= 2))).all():
        raise ValueError("preference: expected 0, a number in [1, 2], or NaN")
    return values - 1


def length_controlled_row(weights: Weights, difficulty: Array, *, order: Sequence[int] | Array) -> LengthControlledRow:
    """The length-controlled columns from weights: the prediction with the length difference set to 0.

    Args:
        weights: of the model against the baseline.
        difficulty: [805] of the instructions in the official order.
        order: the official place of each row that the win rate is for; all of 0 .. 804 in this order.

    Raises:
        BenchError: rows that are missing, doubled or re-ordered.
    """
    check_order(order)
    check_difficulty(difficulty)
    predicted = expit(weights.intercept + weights.difficulty * difficulty)
    error = float(predicted.std(ddof=1)) / math.sqrt(INSTRUCTIONS)
    return LengthControlledRow(100 * float(predicted.mean()), 100 * error)


def check_order(order: Sequence[int] | Array) -> None:
    """Refuse rows whose difficulties the published model would look up wrongly, since it does so by position.

    Raises:
        BenchError: other rows than 0 .. 804 in this order.
    """
    places = np.asarray(order)
    expected = np.arange(INSTRUCTIONS)
    if len(places) == INSTRUCTIONS and (places == expected).all():
        return
    missing = np.setdiff1d(expected, places)
    if len(missing):
        problem = f"{len(missing)} of them are missing (the first is number {missing[0]})"
    elif len(places) > INSTRUCTIONS:
        problem = f"there are {len(places)} rows"
    else:
        problem = f"they are re-ordered (from row {int(np.argmax(places != expected))} on)"
    raise BenchError(
        f"length_controlled_winrate: expected all {INSTRUCTIONS} instructions in the official order, but {problem}; "
        "judge the whole set, or take the win rate at equal length of this bench, which any prompt set has"
    )


def check_difficulty(difficulty: Array) -> None:
    """Refuse difficulties that are not those of all instructions.

    Raises:
        BenchError: another number of them, or one that is not finite.
    """
    if difficulty.shape != (INSTRUCTIONS,) or not np.isfinite(difficulty).all():
        raise BenchError(f"instruction difficulty: expected {INSTRUCTIONS} finite numbers, got {difficulty.shape}")


def extreme_change(win_rate: float, length_controlled: float) -> str:
    """The remark that the project logs where length control moves a win rate far; empty where it does not.

    Far is more than 10 points and more than a quarter of the way to 0 or to 100.
    """
    too_low = length_controlled < win_rate - max(10, win_rate / 4)
    too_high = length_controlled > win_rate + max(10, (100 - win_rate) / 4)
    if not (too_low or too_high):
        return ""
    return (
        f"length control moves the win rate from {win_rate:.1f} to {length_controlled:.1f}: the model may have failed"
    )
