"""AlpacaEval's leaderboard.csv: one row per model, without items, so its models cannot be paired.

Format of the `alpaca_eval` project (github.com/tatsu-lab/alpaca_eval at cd543a14, `leaderboards/*/*_leaderboard.csv`;
evaluation.md B2): `win_rate` and `standard_error` in percent, over `n_total` instructions. The project's
`lc_standard_error` is that of fitted values alone and leaves out the judge's noise (evaluation.md B2), so the
length-controlled win rate has no interval here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from benchbench.core.errors import BenchError, Fault
from benchbench.core.imported import Fields, GroupSummary, Import, ImportedRun, ResultsFile

_KEYS = {"win_rate", "standard_error", "n_total"}
_EXPECTED = {
    "win_rate": (100.0, "a percentage without a sign"),
    "standard_error": (100.0, "a percentage without a sign, or nothing"),
    "n_total": (1e9, "a number of instructions"),
    "length_controlled_winrate": (100.0, "a percentage without a sign, or nothing"),
}
"""Column -> the largest value, and what it is."""
_MAY_BE_EMPTY = ("standard_error", "length_controlled_winrate")
_LENGTH_CONTROLLED = "length_controlled_winrate"
_NO_ERROR = "lc_standard_error leaves out the judge's noise, so it makes no interval (bench alpaca-eval has one)"


def recognises(document: ResultsFile) -> bool:
    """Whether its rows are those of a leaderboard."""
    return set(document.first) >= _KEYS


def read(document: ResultsFile) -> list[ImportedRun]:
    """One run per row.

    Raises:
        BenchError: every row at once that has no name, repeats one, or holds what is no number.
    """
    faults = list(_faults(document))
    if faults:
        raise BenchError.of_faults(str(document.path), faults)
    return [_run(document, row) for row in document.rows]


def _name(row: Fields) -> str:
    """The first column, which pandas leaves without a name."""
    return str(next(iter(row.values()))).strip()


def _faults(document: ResultsFile) -> Iterator[Fault]:
    places: dict[str, int] = {}
    for number, row in enumerate(document.rows, start=1):
        where, name = f"row {number}", _name(row)
        if not name:
            yield Fault(where, "expected the model's name in the first column, found nothing")
        elif places.setdefault(name, number) != number:
            yield Fault(where, f"expected every model once, found {name} in row {places[name]}, too")
        for column, (largest, expected) in _EXPECTED.items():
            value = str(row.get(column, "")).strip()
            if not 0 <= _number(value) <= largest and not (column in _MAY_BE_EMPTY and not value):
                yield Fault(f"{where}, {column}", f"expected {expected}, found '{value}'")


def _number(text: object) -> float:
    try:
        return float(str(text))
    except ValueError:
        return math.nan


def _run(document: ResultsFile, row: Fields) -> ImportedRun:
    n = int(_number(row["n_total"]))
    # the standard error of one instruction, and of verdicts without spread, is no knowledge of it
    se = _number(row["standard_error"]) / 100 or math.nan
    raw = _summary("win_rate", _number(row["win_rate"]) / 100, se, n)
    controlled = _number(row.get(_LENGTH_CONTROLLED, ""))
    adjusted = _summary(_LENGTH_CONTROLLED, controlled / 100, math.nan, n, note=_NO_ERROR)
    summaries = (raw,) if math.isnan(controlled) else (raw, adjusted)
    return ImportedRun(path=document.path, tool="alpaca_leaderboard", model=_name(row), summaries=summaries)


def _summary(metric: str, value: float, se: float, n: int, *, note: str = "") -> GroupSummary:
    return GroupSummary(
        group="alpaca_eval", metric=metric, unit="fraction", direction="higher", value=value, se=se, n=n, note=note
    )


IMPORT = Import(
    name="alpaca_leaderboard",
    format="leaderboard.csv of alpaca_eval (tatsu-lab/alpaca_eval at cd543a14)",
    recognises=recognises,
    read=read,
)
