"""`bench alpaca-eval`: the leaderboard rows of annotation files, raw and length-controlled, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.comparison.alpaca_eval.files import Annotations, read_annotations, read_calibration
from benchbench.comparison.alpaca_eval.fit import Calibration, bootstrap, refit
from benchbench.comparison.alpaca_eval.leaderboard import (
    BASELINE_ROW,
    LengthControlledRow,
    RawRow,
    extreme_change,
    length_controlled_row,
    probability,
    raw_row,
)
from benchbench.comparison.stats.intervals import Interval, undefined_interval
from benchbench.comparison.win_rates.length_control import LengthControlled, length_controlled
from benchbench.core.errors import BenchError, Fault
from benchbench.core.seeding import stream
from benchbench.report import numbers

JUDGE, BASELINE = "weighted_alpaca_eval_gpt4_turbo", "gpt4_1106_preview"
"""That the difficulties and gamed baselines of `df_gamed.csv` were made with."""
BOOTSTRAP_SEED = 20_251_121
"""Fixed, so that the same annotations give the same intervals."""
NO_CALIBRATION = "length_controlled_winrate needs --calibration df_gamed.csv"
OWN_ROW = "50 by construction, since model and baseline are the same"


@dataclass(frozen=True, kw_only=True)
class Published:
    """AlpacaEval's own length control of one model."""

    row: LengthControlledRow | None = None
    """None without a calibration, and where it is refused."""
    interval: Interval | None = None
    """Of the length-controlled win rate, from drawing instructions and fitting again; a percentage."""
    refusal: str = ""
    """Why there is none although it was asked for; empty otherwise."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model's row."""

    annotations: Annotations
    raw: RawRow
    equal_length: LengthControlled
    """By this bench's model, which any prompt set has; a fraction."""
    published: Published
    """By AlpacaEval's model."""

    @property
    def note(self) -> str:
        """Every remark on the row, each with the column that it concerns."""
        equal = self.equal_length
        unsure = equal.interval.note if math.isnan(equal.interval.low) else ""
        warned = self.published.row is not None and self.annotations.model != self.annotations.baseline
        lc = f"length_controlled_winrate: {equal.support.warning}" if warned and equal.support.warning else ""
        remarks = [
            *self.published.notes,
            lc,
            f"at equal length: {equal.note or unsure}" if equal.note or unsure else "",
        ]
        return "; ".join(remark for remark in remarks if remark)

    def tidy(self) -> dict[str, Any]:
        """Everything, under the leaderboard's names where it has them."""
        equal, lc, row = self.equal_length.interval, self.published.interval, self.published.row
        return {
            "file": str(self.annotations.path),
            "model": self.annotations.model,
            "baseline": self.annotations.baseline,
            "annotator": self.annotations.judge,
            **{name: getattr(self.raw, name) for name in RawRow.__dataclass_fields__},
            "length_controlled_winrate": None if row is None else row.length_controlled_winrate,
            "lc_standard_error": None if row is None else row.lc_standard_error,
            "lc_low": None if lc is None else lc.low,
            "lc_high": None if lc is None else lc.high,
            "equal_length_win_rate": 100 * equal.mean,
            "equal_length_low": 100 * equal.low,
            "equal_length_high": 100 * equal.high,
            "near_equal_contests": self.equal_length.support.near,
            "near_equal_win_rate": 100 * self.equal_length.support.near_win_rate,
            "note": self.note,
        }

    def shown(self) -> dict[str, str]:
        """The row as shown in the terminal."""
        nothing = numbers.NOT_AVAILABLE if self.published.refusal else "-"
        controlled = self.published.interval
        return {
            "model": self.annotations.model,
            "baseline": self.annotations.baseline,
            "win_rate": numbers.percentage(self.raw.win_rate),
            "standard_error": numbers.percentage(self.raw.standard_error),
            "length_controlled_winrate [95%]": nothing if controlled is None else _percentages(controlled),
            "at equal length [95%]": _percentages(self.equal_length.interval, factor=100),
            "near-equal": f"{self.equal_length.support.near}/{self.equal_length.support.contests}",
            "wins/draws/losses": f"{self.raw.n_wins}/{self.raw.n_draws}/{self.raw.n_wins_base}",
            "n_total": str(self.raw.n_total),
            "avg_length": str(self.raw.avg_length),
            "note": self.note or "-",
        }


def alpaca_eval(paths: Sequence[Path], calibration: Path | None) -> list[Row]:
    """The rows of every file, in their order.

    Args:
        paths: of `annotations.json` files.
        calibration: AlpacaEval's `df_gamed.csv`; none leaves its length control out.

    Raises:
        BenchError: files that are none.
    """
    known = None if calibration is None else read_calibration(calibration)
    read = [annotations for path in paths for annotations in read_annotations(path)]
    return [_row(annotations, known) for annotations in read]


def check_length_control(rows: Sequence[Row]) -> None:
    """Refuse rows for which AlpacaEval's length control was asked but is impossible; called after they are shown.

    Raises:
        BenchError: every row at once, such as those whose instructions are missing or re-ordered, since difficulties
            are looked up by position.
    """
    faults = [
        Fault(f"{row.annotations.path}, {row.annotations.model}", row.published.refusal)
        for row in rows
        if row.published.refusal
    ]
    if faults:
        raise BenchError.of_faults("alpaca-eval", faults)


def _row(annotations: Annotations, calibration: Calibration | None) -> Row:
    raw = raw_row(annotations.frame["preference"].to_numpy(), annotations.frame["len_output_2"].to_numpy())
    return Row(
        annotations=annotations,
        raw=raw,
        equal_length=length_controlled({0: _verdicts(annotations)}),
        published=_published(annotations, calibration, raw.win_rate),
    )


def _published(annotations: Annotations, calibration: Calibration | None, win_rate: float) -> Published:
    if calibration is None:
        return Published(notes=(NO_CALIBRATION,))
    if annotations.model == annotations.baseline:
        interval = undefined_interval(BASELINE_ROW.length_controlled_winrate, level=0.95, note=OWN_ROW)
        return Published(row=BASELINE_ROW, interval=interval, notes=(f"length_controlled_winrate: {OWN_ROW}",))
    try:
        fitted = refit(annotations.frame, calibration)
    except BenchError as error:
        return Published(refusal=str(error), notes=(str(error),))
    row = length_controlled_row(fitted.weights, calibration.difficulty, order=annotations.frame["index"].to_numpy())
    rng = stream(BOOTSTRAP_SEED, f"length-controlled {annotations.model} {annotations.baseline} {annotations.judge}")
    interval = bootstrap(annotations.frame, calibration, fitted, rng=rng)
    others = (annotations.judge or JUDGE, annotations.baseline) != (JUDGE, BASELINE)
    remarks = (
        interval.note,
        extreme_change(win_rate, row.length_controlled_winrate),
        f"difficulties are those of {JUDGE} against {BASELINE}" if others else "",
    )
    notes = tuple(f"length_controlled_winrate: {remark}" for remark in remarks if remark)
    return Published(row=row, interval=interval, notes=notes)


def _verdicts(annotations: Annotations) -> pd.DataFrame:
    """The annotations as verdict rows, from the model's side; AlpacaEval asks one order, drawn and undone by itself."""
    frame = annotations.frame
    return pd.DataFrame(
        {
            "label": annotations.model,
            "opponent": annotations.baseline,
            "example": frame["instruction"],
            "sample": 0,
            "order": "both",
            "outcome": probability(frame["preference"].to_numpy()),
            "identical": frame["identical"],
            "length": frame["len_output_2"],
            "opponent_length": frame["len_output_1"],
        }
    )


def _percentages(interval: Interval, *, factor: int = 1) -> str:
    """A mean with its interval; `factor` is 100 where they are fractions."""
    mean, low, high = (factor * value for value in (interval.mean, interval.low, interval.high))
    return numbers.bounded(mean, low, high, numbers.percentage)
