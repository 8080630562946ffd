"""Files of AlpacaEval 2: a judge's annotations, and what its length control was calibrated with.

`annotations.json` is what `alpaca_eval` writes beside a leaderboard row, `df_gamed.csv` what it reads from the dataset
repository `tatsu-lab/alpaca_eval` (commit cd543a14 of the project, `metrics/glm_winrate.py`).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from reprlib import repr as shortened
from typing import Any

import numpy as np
import pandas as pd

from benchbench.comparison.alpaca_eval.fit import Calibration
from benchbench.comparison.alpaca_eval.leaderboard import INSTRUCTIONS
from benchbench.core.errors import BenchError, ExitCode, Fault
from benchbench.data.files import read_rows
from benchbench.data.rows import Row

UNKNOWN = -1
"""Place of an instruction that is not AlpacaEval's."""
_DIGITS = 8
_TEXTS = ("instruction", "output_1", "output_2", "generator_1", "generator_2")
_WRITTEN = ("instruction", "generator_1", "generator_2", "annotator")
"""Texts that are hashed or printed, which needs whole characters; outputs are measured alone."""
_CALIBRATION = ("index", "preference", "std_delta_len", "instruction_difficulty")


@dataclass(frozen=True, eq=False)
class Annotations:
    """Every verdict of one judge on one model against one baseline."""

    path: Path
    model: str
    baseline: str
    judge: str
    """`annotator` of the rows; empty where they name none."""
    frame: pd.DataFrame
    """In the file's order: `index` (official place, `UNKNOWN` for other instructions), `instruction`, `preference`
    (NaN where the judge failed), `identical`, `len_output_1` and `len_output_2` (characters)."""


@cache
def _official() -> dict[str, int]:
    """First digits of the SHA-256 of each official instruction -> its place."""
    text = files("benchbench.comparison.alpaca_eval").joinpath("order.txt").read_text(encoding="ascii")
    return {digits: place for place, digits in enumerate(text.split())}


def official_places(instructions: Iterable[str]) -> list[int]:
    """Place of each instruction in AlpacaEval's set of 805; `UNKNOWN` for any other text."""
    known = _official()
    digests = (hashlib.sha256(text.strip().encode()).hexdigest()[:_DIGITS] for text in instructions)
    return [known.get(digits, UNKNOWN) for digits in digests]


def read_annotations(path: Path) -> list[Annotations]:
    """The annotations of a file, by model, baseline and judge.

    Raises:
        BenchError: exit code 5 where there is no file, and as `annotations_of`.
    """
    return annotations_of(path, read_rows(path))


def annotations_of(path: Path, rows: Sequence[Row]) -> list[Annotations]:
    """The same of rows that were read already.

    Raises:
        BenchError: all rows at once that are no annotations, or whose instruction the same model, baseline and judge
            have already.
    """
    if not rows:
        raise BenchError(f"{path}: expected annotations, found no rows")
    faults = [fault for number, row in enumerate(rows, start=1) for fault in _faults(row, number)]
    first: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows, start=1):
        key = (*_group(row), str(row.get("instruction")))
        if first.setdefault(key, number) != number:
            faults.append(
                Fault(f"row {number}", f"repeats the instruction of row {first[key]}; keep one verdict on each")
            )
    if faults:
        raise BenchError.of_faults(str(path), faults)
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault(_group(row), []).append(row)
    return [Annotations(path, *group, _frame(of_group)) for group, of_group in groups.items()]


def _group(row: Row) -> tuple[str, str, str]:
    return str(row.get("generator_2")), str(row.get("generator_1")), str(row.get("annotator") or "")


def _faults(row: Row, number: int) -> list[Fault]:
    absent = [name for name in _TEXTS if not isinstance(row.get(name), str)]
    faults = []
    if absent:
        faults.append(
            Fault(f"row {number}", f"expected texts under {', '.join(_TEXTS)}, found none under {', '.join(absent)}")
        )
    for name in _WRITTEN:
        if half := _half_character(row.get(name)):
            problem = f"{name}: expected Unicode text, found half of a surrogate pair ({half!r}); write both halves"
            faults.append(Fault(f"row {number}", problem))
    preference = row.get("preference", "nothing")
    if not _is_preference(preference):
        problem = "preference: expected 0 (draw), a number from 1 (the baseline wins) to 2, or null; found "
        faults.append(Fault(f"row {number}", problem + shortened(preference)))
    return faults


def _half_character(text: Any) -> str:
    """The first surrogate without its pair, which JSON can write and UTF-8 cannot; empty where there is none."""
    return next((c for c in text if "\ud800" <= c <= "\udfff"), "") if isinstance(text, str) else ""


def _is_preference(value: Any) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool) and (value == 0 or 1 <= value <= 2)


def _frame(rows: Sequence[Row]) -> pd.DataFrame:
    preference = [math.nan if row["preference"] is None else float(row["preference"]) for row in rows]
    return pd.DataFrame(
        {
            "index": official_places(row["instruction"] for row in rows),
            "instruction": [row["instruction"] for row in rows],
            "preference": preference,
            "identical": [row["output_1"] == row["output_2"] for row in rows],
            "len_output_1": [len(row["output_1"]) for row in rows],
            "len_output_2": [len(row["output_2"]) for row in rows],
        }
    )


def read_calibration(path: Path) -> Calibration:
    """The instruction difficulties and gamed baselines of `df_gamed.csv`.

    Raises:
        BenchError: exit code 5 where there is no file; columns that are missing, values that are none, rows that are
            not every instruction once for each gamed baseline, or difficulties that differ between these.
    """
    if not path.is_file():
        raise BenchError(
            f"{path}: no such file; AlpacaEval's is df_gamed.csv of the dataset repository tatsu-lab/alpaca_eval "
            "(hf download tatsu-lab/alpaca_eval df_gamed.csv --repo-type dataset)",
            exit_code=ExitCode.UNAVAILABLE,
        )
    try:
        table = pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise BenchError(f"{path}: cannot be read as CSV ({error})") from None
    if absent := [name for name in (*_CALIBRATION, "model") if name not in table]:
        raise BenchError(f"{path}: expected the columns of df_gamed.csv, found none named {', '.join(absent)}")
    numbers = pd.DataFrame({name: pd.to_numeric(table[name], errors="coerce") for name in _CALIBRATION})
    if faults := _calibration_faults(table, numbers):
        raise BenchError.of_faults(str(path), faults)
    ordered = numbers.assign(model=table["model"]).sort_values(["model", "index"])
    difficulty, length, won = (
        ordered[name].to_numpy(dtype=np.float64).reshape(-1, INSTRUCTIONS)
        for name in ("instruction_difficulty", "std_delta_len", "preference")
    )
    return Calibration(difficulty[0], np.tanh(length), won)


def _calibration_faults(table: pd.DataFrame, numbers: pd.DataFrame) -> list[Fault]:
    """What `df_gamed.csv` has that it should not; `numbers` are its columns with NaN for whatever is no number."""
    every = f"every index from 0 to {INSTRUCTIONS - 1} once"
    if table.empty:
        return [Fault("", f"expected {every} for each gamed baseline, found no rows")]
    won = numbers["preference"].to_numpy()
    columns = [
        ("model", "the gamed baseline's name in every row", table["model"].notna(), ""),
        (
            "preference",
            "numbers in [0, 1], how far the gamed baseline wins, or nothing",
            ((won >= 0) & (won <= 1)) | table["preference"].isna(),
            "; those of annotations.json are 1 too high" if (won > 1).any() else "",
        ),
        ("std_delta_len", "numbers", numbers["std_delta_len"].notna(), ""),
        ("instruction_difficulty", "finite numbers", np.isfinite(numbers["instruction_difficulty"]), ""),
    ]
    faults = []
    for name, expected, fitting, hint in columns:
        rows = np.flatnonzero(~fitting)
        if len(rows):
            value = table[name].iloc[rows[0]]
            shown = "none" if name == "model" else "nothing" if pd.isna(value) else value
            where = f"row {rows[0] + 1} ({len(rows)} row{'s' if len(rows) > 1 else ''} in all)"
            faults.append(Fault(name, f"expected {expected}, found {shown} in {where}{hint}"))
    for model, of_model in numbers.groupby(table["model"], sort=True):
        if sorted(of_model["index"].tolist()) != list(range(INSTRUCTIONS)):
            faults.append(Fault(f"model {model}", f"expected {every}, found {len(of_model)} rows with other indices"))
    return faults or _unequal_difficulties(numbers)


def _unequal_difficulties(numbers: pd.DataFrame) -> list[Fault]:
    """Difficulties come from one fit and are a property of the instruction alone."""
    difficulty = numbers.sort_values("index")["instruction_difficulty"].to_numpy().reshape(INSTRUCTIONS, -1)
    unequal = np.flatnonzero(np.ptp(difficulty, axis=1))
    if not len(unequal):
        return []
    place = unequal[0]
    difference = f"index {place} has {difficulty[place].min()} and {difficulty[place].max()} ({len(unequal)} in all)"
    return [Fault("instruction_difficulty", f"expected the same for every gamed baseline, found that {difference}")]
