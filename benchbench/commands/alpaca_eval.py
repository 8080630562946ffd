"""`bench alpaca-eval`: the leaderboard rows of annotation files, raw and length-controlled, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchbench.comparison.alpaca_eval import RawRow, extreme_change, length_controlled_row, probability, raw_row
from benchbench.comparison.alpaca_eval_files import Annotations, read_annotations, read_calibration
from benchbench.comparison.alpaca_eval_fit import Calibration, bootstrap, refit
from benchbench.comparison.intervals import Interval
from benchbench.comparison.length_control import LengthControlled, length_controlled
from benchbench.core.errors import BenchError, Fault
from benchbench.core.seeding import stream

JUDGE, BASELINE = "weighted_alpaca_eval_gpt4_turbo", "gpt4_1106_preview"
"""That the difficulties and gamed baselines of `df_gamed.csv` were made with."""
BOOTSTRAP_SEED = 20_251_121
"""Fixed, so that the same annotations give the same intervals."""
NO_CALIBRATION = "length_controlled_winrate needs --calibration df_gamed.csv"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model's row."""

    annotations: Annotations
    raw: RawRow
    equal_length: LengthControlled
    """By this bench's model, which any prompt set has; a fraction."""
    length_controlled_winrate: float | None
    """By AlpacaEval's model; none without a calibration."""
    lc_standard_error: float | None
    """As published: no uncertainty of the win rate."""
    interval: Interval | None
    """Of the length-controlled win rate, from drawing instructions and fitting again; a percentage."""
    note: str

    def tidy(self) -> dict[str, Any]:
        """Everything, under the leaderboard's names where it has them."""
        own, lc = self.equal_length.interval, self.interval
        return {
            "file": str(self.annotations.path),
            "model": self.annotations.model,
            "baseline": self.annotations.baseline,
            "annotator": self.annotations.judge,
            **{name: getattr(self.raw, name) for name in RawRow.__dataclass_fields__},
            "length_controlled_winrate": self.length_controlled_winrate,
            "lc_standard_error": self.lc_standard_error,
            "lc_low": None if lc is None else lc.low,
            "lc_high": None if lc is None else lc.high,
            "equal_length_win_rate": 100 * own.mean,
            "equal_length_low": 100 * own.low,
            "equal_length_high": 100 * own.high,
            "note": self.note,
        }

    def shown(self) -> dict[str, str]:
        """For a reader."""
        own, lc = self.equal_length.interval, self.interval
        controlled = "-" if lc is None else f"{lc.mean:.2f} [{lc.low:.2f}, {lc.high:.2f}]"
        return {
            "model": self.annotations.model,
            "baseline": self.annotations.baseline,
            "win_rate": f"{self.raw.win_rate:.2f}",
            "standard_error": f"{self.raw.standard_error:.2f}",
            "length_controlled_winrate [95%]": controlled,
            "at equal length [95%]": f"{100 * own.mean:.2f} [{100 * own.low:.2f}, {100 * own.high:.2f}]",
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
        BenchError: files that are none; with a calibration, every row at once whose instructions are missing or
            re-ordered, since difficulties are looked up by position.
    """
    known = None if calibration is None else read_calibration(calibration)
    read = [one for path in paths for one in read_annotations(path)]
    rows, faults = [], []
    for one in read:
        try:
            rows.append(_row(one, known))
        except BenchError as error:
            faults.append(Fault(f"{one.path}, {one.model}", str(error)))
    if faults:
        raise BenchError.of_faults("alpaca-eval", faults)
    return rows


def _row(one: Annotations, calibration: Calibration | None) -> Row:
    frame = one.frame
    raw = raw_row(frame["preference"].to_numpy(), frame["len_output_2"].to_numpy())
    notes, lc, interval = [], None, None
    if calibration is None:
        notes.append(NO_CALIBRATION)
    else:
        fitted = refit(frame, calibration)
        lc = length_controlled_row(fitted.weights, calibration.difficulty, order=frame["index"].to_numpy())
        rng = stream(BOOTSTRAP_SEED, f"length-controlled {one.model} {one.baseline} {one.judge}")
        interval = bootstrap(frame, calibration, fitted, rng=rng)
        notes.append(extreme_change(raw.win_rate, lc.length_controlled_winrate))
        if (one.judge or JUDGE, one.baseline) != (JUDGE, BASELINE):
            notes.append(f"difficulties are those of {JUDGE} against {BASELINE}")
    controlled = length_controlled({0: _verdicts(one)})
    notes.append(controlled.note)
    return Row(
        annotations=one,
        raw=raw,
        equal_length=controlled,
        length_controlled_winrate=None if lc is None else lc.length_controlled_winrate,
        lc_standard_error=None if lc is None else lc.lc_standard_error,
        interval=interval,
        note="; ".join(note for note in notes if note),
    )


def _verdicts(one: Annotations) -> pd.DataFrame:
    """The annotations as verdict rows, from the model's side; AlpacaEval asks one order, drawn and undone by itself."""
    frame = one.frame
    return pd.DataFrame(
        {
            "label": one.model,
            "opponent": one.baseline,
            "example": frame["instruction"],
            "sample": 0,
            "order": "both",
            "outcome": probability(frame["preference"].to_numpy()),
            "identical": frame["identical"],
            "length": frame["len_output_2"],
            "opponent_length": frame["len_output_1"],
        }
    )
