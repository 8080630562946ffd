"""One row of a published table: a method's mean over seeds and its spread, whatever the spread was reported as."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from scipy import stats

from benchbench.comparison.claims.replication import Runs
from benchbench.comparison.reported.columns import TYPED_SPREADS
from benchbench.comparison.reported.contrasts import without_spread
from benchbench.core.errors import Fault

SPREAD_TYPES = (*TYPED_SPREADS, "none")
"""Sample sd over seeds, standard error of the mean, half-width of a 95 % t interval, no spread."""
NOTHING = {"", "-", "–", "—", "n/a", "na", "nan"}
"""How a cell says that nothing was reported."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", flags=re.ASCII)
_LARGEST = 1e100
"""Magnitude from which a number is taken for a slip; squares of larger ones overflow."""
_MOST = 10**9
"""Seeds or test items from which a count is taken for a slip."""


@dataclass(frozen=True, kw_only=True)
class ReportedRow:
    """What a table says of one method under one metric."""

    line: int
    """Of the file, the first being 1."""
    method: str
    metric: str
    """Empty where the table has no such column."""
    runs: Runs
    n: int | None
    """Test items of each run; none where not reported."""
    baseline: str
    """Method that this row is compared with, as the table states it; empty where it does not."""
    note: str
    """Why its spread over seeds is unknown; empty otherwise."""
    assumption: str
    """How the spread was understood where the table leaves that open; empty otherwise."""


def read_row(cells: Mapping[str, str], line: int, *, columns: Mapping[str, str]) -> ReportedRow | list[Fault]:
    """The row of a record, or everything that is wrong with it.

    Args:
        cells: text of each column that is read, under our names, without blanks around it.
        line: of the file.
        columns: our names of the same columns -> the file's, which messages use.
    """
    where = {name: f"line {line}, {column}" for name, column in columns.items()}
    faults: list[Fault] = []
    if not cells["method"]:
        faults.append(Fault(where["method"], "expected the method's name, found nothing"))
    value = _finite(cells["value"], where["value"], faults)
    k = _count(cells["k"], where["k"], "seeds", faults)
    n = None if _is_nothing(cells.get("n", "")) else _count(cells["n"], where["n"], "test items", faults)
    spread, kind, assumption = _spread(cells, where, faults)
    ddof = cells.get("ddof", "")
    if ddof not in ("0", "1") and not _is_nothing(ddof):
        faults.append(Fault(where["ddof"], f"expected 0, 1 or nothing, found '{ddof}'"))
    if faults:
        return faults
    runs = Runs(value, sd_over_seeds(spread, kind, k, ddof=0 if ddof == "0" else 1), k)
    return ReportedRow(
        line=line,
        method=cells["method"],
        metric=cells.get("metric", ""),
        runs=runs,
        n=n,
        baseline="" if _is_nothing(cells.get("baseline", "")) else cells["baseline"],
        note=without_spread(runs, spread=spread),
        assumption="" if math.isnan(spread) or k == 1 else assumption or _convention(kind, ddof),
    )


def sd_over_seeds(spread: float, kind: str, k: int, *, ddof: int = 1) -> float:
    """The sample standard deviation over seeds (ddof 1) behind a reported spread; NaN for one seed or no spread.

    Args:
        spread: as reported, 0 or more.
        kind: one of `SPREAD_TYPES`.
        k: number of seeds.
        ddof: of a reported sd: 0 where it was divided by the number of seeds, 1 where by one less.

    From a population sd by sqrt(k / (k - 1)), from a standard error by sqrt(k) (evaluation.md C7), from half a 95 % t
    interval by sqrt(k) / t_{k-1,.975}.
    """
    if kind == "none" or math.isnan(spread) or k < 2:
        return math.nan
    if kind == "sd":
        return spread * math.sqrt(k / (k - 1)) if ddof == 0 else spread
    standard_error = spread / float(stats.t.ppf(0.975, k - 1)) if kind == "ci95" else spread
    return standard_error * math.sqrt(k)


def _spread(cells: Mapping[str, str], where: Mapping[str, str], faults: list[Fault]) -> tuple[float, str, str]:
    """(number, type, assumption) of a spread; NaN where there is none."""
    typed = next((name for name in TYPED_SPREADS if name in cells), None)
    column = typed or "spread"
    text, stated = cells.get(column, ""), cells.get("spread_type", "").lower()
    if stated and stated not in SPREAD_TYPES:
        known = f"expected one of {', '.join(SPREAD_TYPES)}, or nothing, which is taken as sd; found '{stated}'"
        faults.append(Fault(where["spread_type"], known))
    if _is_nothing(text) or text.lower() == "none":
        return math.nan, "none", ""
    if stated == "none":
        faults.append(Fault(where[column], f"expected nothing, since spread_type is none; found '{text}'"))
    if typed and stated in TYPED_SPREADS and stated != typed:
        faults.append(
            Fault(where[column], f"expected the type that the column's name says, found spread_type {stated}")
        )
    number = _finite(text, where[column], faults)
    if number < 0:
        faults.append(Fault(where[column], f"expected a spread of 0 or more, found '{text}'"))
    kind = typed or stated or "sd"
    return number, kind, "" if typed or stated else "spreads without a type are taken as sample sds over seeds"


def _convention(kind: str, ddof: str) -> str:
    if kind == "sd" and _is_nothing(ddof):
        return "sds are taken as sample sds (divided by the number of seeds less 1), since no ddof is stated"
    if kind == "ci95":
        return "ci95 is taken as half of a t interval over seeds; where it was made with 1.96, true intervals are wider"
    return ""


def _is_nothing(text: str) -> bool:
    return text.lower() in NOTHING


def _finite(text: str, where: str, faults: list[Fault]) -> float:
    """The number of a cell; NaN, and a fault, where it has none."""
    plain = text.replace("\N{MINUS SIGN}", "-")
    if _NUMBER.fullmatch(plain) and abs(float(plain)) < _LARGEST:
        return float(plain)
    shown = f"'{text}'" if text else "nothing"
    faults.append(Fault(where, f"expected a number, found {shown}{_advice(text)}"))
    return math.nan


def _advice(text: str) -> str:
    if any(sign in text for sign in ("±", "+-", "+/-", "(")):
        return "; put the spread into a column of its own"
    if text.endswith("%"):
        return "; leave the sign of percent out"
    return "; write a decimal point, and no signs between thousands" if "," in text else ""


def _count(text: str, where: str, things: str, faults: list[Fault]) -> int:
    """The whole number of a cell, at least 1; `3.0` is one, since other programs write it."""
    if _NUMBER.fullmatch(text) and float(text).is_integer() and 1 <= float(text) <= _MOST:
        return int(float(text))
    shown = f"'{text}'" if text else "nothing"
    faults.append(Fault(where, f"expected the number of {things}, a whole number from 1, found {shown}"))
    return 1
