"""A leaderboard for the reader: the question it answers, in words, and its table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median

from benchbench.report import markdown, numbers
from benchbench.report.layout import TableLayout
from benchbench.report.status import status_notes

ALPHA = 0.05
"""Level of the tests, over all rows together after Holm."""
STARTS = ("sft", "base")
"""Labels of the policy that all methods start from; a row, but no method that is compared."""
FORMS = {"twin": "t", "form unverified": "u"}
"""What a method's form may be, and its letter in a narrow table."""
_SEED = "seed "


@dataclass(frozen=True, kw_only=True)
class BoardRow:
    """One recipe on the leaderboard of its setting; NaN is undefined."""

    rank: float
    """Of its mean, 1 the best; rows that are tied share their mean rank."""
    method: str
    """Label, such as `ddo_rm@k4`."""
    baseline: str
    """Label of the row that it is compared with."""
    form: str
    """`twin`, `form unverified`, both, or empty."""
    values: Mapping[str, float]
    """Seed -> headline metric."""
    mean: float
    difference: float
    """To the baseline; NaN for the baseline itself, and where a score is no finite number."""
    low: float
    high: float
    """95 % interval of the difference."""
    p: float
    p_holm: float
    """Corrected over all rows but the baseline's."""
    mdd: float
    """True difference that a test of its own finds with 80 % power."""
    mdd_family: float
    """The same at Holm's strictest step, at the level divided by the number of rows: not less, since the corrected
    p-value is the larger of that test's and of one more (`comparison.stats.families`)."""
    rank_low: float
    rank_high: float
    """5 to 95 % range of the rank over other prompts and seeds."""
    p_best: float
    """Probability of being the best."""
    win_rate: float
    win_rate_low: float
    win_rate_high: float
    """Against the data's chosen responses, with its 95 % interval."""
    response_tokens: float
    """Mean length of its responses."""
    degenerated: str
    """What left the range of the policy that all start from; mostly empty."""
    marks: str
    """What a reader must know of the row: untuned, other data."""
    learning_rate: float
    metric: str
    scoring: str
    pairs: int
    prompts: int

    @property
    def is_baseline(self) -> bool:
        """Whether the others are compared with it."""
        return self.method == self.baseline

    def as_record(self) -> dict[str, object]:
        """One value per column, seeds by their names."""
        record: dict[str, object] = {}
        for name, value in asdict(self).items():
            record |= {f"{_SEED}{seed}": v for seed, v in self.values.items()} if name == "values" else {name: value}
        return record

    @classmethod
    def from_texts(cls, record: Mapping[str, str]) -> BoardRow:
        """The row of a record whose values are texts; an empty text is NaN where a number is due.

        Raises:
            ValueError: a column is missing, or a number is none.
        """
        kinds = {field.name: str(field.type) for field in fields(cls) if field.name != "values"}
        if missing := sorted(kinds.keys() - record.keys()):
            raise ValueError(f"expected the columns of a leaderboard, found no {', '.join(missing)}")
        row = {name: _read(record[name], kind) for name, kind in kinds.items()}
        seeds = {k.removeprefix(_SEED): float(v or "nan") for k, v in record.items() if k.startswith(_SEED)}
        return cls(values=seeds, **row)  # pyright: ignore[reportArgumentType]


def _read(text: str, kind: str) -> str | float | int:
    if kind == "float":
        return float(text or "nan")
    return int(text) if kind == "int" else text


def answer(rows: Sequence[BoardRow]) -> list[str]:
    """Sentences: which methods differ from the baseline after Holm, and what this many seeds could have seen."""
    baseline = next(row for row in rows if row.is_baseline)
    others = [row for row in rows if not row.is_baseline and row.method not in STARTS]
    seeds = list(baseline.values)
    scope = f"{_counted(len(seeds), 'seed')} ({', '.join(seeds)}), {baseline.pairs} pairs of {baseline.prompts} prompts"
    measure = f"{baseline.metric} under {baseline.scoring}"
    if len(seeds) < 2:
        return [
            f"One seed ({seeds[0]}) cannot say which of {_counted(len(others), 'recipe')} differ from "
            f"{baseline.method} in {measure}."
        ]
    broken = [row for row in others if math.isnan(row.difference)]
    clear = [row for row in others if row.p_holm < ALPHA]
    alike = len(others) - len(clear) - len(broken)
    better, worse = [row for row in clear if row.difference > 0], [row for row in clear if row.difference < 0]
    lines = [
        f"Of {_counted(len(others), 'recipe')}, {len(clear)} differ from {baseline.method} in {measure} after Holm at "
        f"{ALPHA:g} ({scope}): {_named(better, 'above')}, {_named(worse, 'below')}; {alike} cannot "
        "be told apart from it."
    ]
    return lines + _seen(others) + _broken(broken)


def _seen(others: Sequence[BoardRow]) -> list[str]:
    """What this many seeds and prompts could have seen."""
    alone = [row.mdd for row in others if not math.isnan(row.mdd)]
    family = [row.mdd_family for row in others if not math.isnan(row.mdd_family)]
    if not alone or not family:
        return []
    return [
        "What this could have seen with 80 % power: in the median row a true difference of "
        f"{_size(median(alone))} by a test of its own, one of {_size(median(family))} by that test at Holm's strictest "
        "step, where a row must hold by a second one, too (docs/statistics.md). A row that is not told apart may "
        "differ by less."
    ]


def _broken(rows: Sequence[BoardRow]) -> list[str]:
    verb = "has" if len(rows) == 1 else "have"
    names = ", ".join(row.method for row in rows)
    return [f"{_counted(len(rows), 'recipe')} {verb} scores that are no finite numbers ({names})."] if rows else []


def _size(value: float) -> str:
    return numbers.detectable(value, _short(value), 1.0)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def _named(rows: Sequence[BoardRow], word: str) -> str:
    return f"{len(rows)} {word} it" + (f" ({', '.join(row.method for row in rows)})" if rows else "")


def layout(rows: Sequence[BoardRow]) -> TableLayout:
    """What a terminal of 80 columns shows: a line for each row, whatever their number."""
    head = ("method", "rank", "mean", "difference [95%]", "p Holm", "ranks", "note")
    body = tuple((*_first(row), _difference(row), _p(row), _ranks(row), _note(row)) for row in rows)
    notes = (
        "ranks: 5 to 95 % of the ranks over other prompts and seeds, an approximation (docs/statistics.md)",
        "note: u form unverified, t twin of a method for another modality, ! beyond the range of sft, * marked; "
        "--write and --json have the marks and win rates",
        *_mark_notes(rows),
    )
    return TableLayout(f"leaderboard, baseline {_baseline(rows)}", head, body, notes)


def _mark_notes(rows: Sequence[BoardRow]) -> tuple[str, ...]:
    """The footnotes of the marks in the table."""
    return status_notes(mark for row in rows for mark in (*row.marks.split("; "), *row.form.split(", ")))


def _first(row: BoardRow) -> tuple[str, str, str]:
    return row.method, f"{row.rank:g}", _short(row.mean)


def _baseline(rows: Sequence[BoardRow]) -> str:
    return rows[0].baseline


def _difference(row: BoardRow) -> str:
    if row.is_baseline:
        return "baseline"
    return numbers.bounded(row.difference, row.low, row.high, _signed).replace(", ", ",")


def _p(row: BoardRow) -> str:
    return numbers.p_value(row.p_holm)


def _ranks(row: BoardRow) -> str:
    return numbers.NOT_AVAILABLE if math.isnan(row.rank_low) else f"{row.rank_low:.0f}-{row.rank_high:.0f}"


def _note(row: BoardRow) -> str:
    forms = "".join(letter for form, letter in FORMS.items() if form in row.form)
    return forms + ("!" if row.degenerated else "") + ("*" if row.marks else "")


def _signed(value: float) -> str:
    return numbers.signed(value, decimals=3)


def _short(value: float) -> str:
    return numbers.number(value, decimals=3)


def document(rows: Sequence[BoardRow], *, setting: str, notice: str, remarks: Sequence[str] = ()) -> str:
    """The page: answer, what differs between rows, table, and what each degenerated row did, ending with a newline."""
    lines = [
        f"# Leaderboard of `{setting}`",
        "",
        *([f"*{notice}*", ""] if notice else []),
        *[part for line in answer(rows) for part in (line, "")],
        *([*markdown.quoted(remarks), ""] if remarks else []),
        "Rank 90%: 5 to 95 % of the ranks over other prompts and seeds, an approximation (docs/statistics.md). MDD: "
        "true difference that the row's own test finds with 80 % power. Win rate: against the data's chosen responses.",
        "",
        markdown.records([_cells(row) for row in rows]),
        "",
        *[f"- {note}" for note in _mark_notes(rows)],
        *([""] if _mark_notes(rows) else []),
    ]
    return "\n".join(lines)


def _cells(row: BoardRow) -> dict[str, str]:
    return {
        "rank": f"{row.rank:g}",
        "method": row.method + (f" ({row.form})" if row.form else ""),
        **{f"{_SEED}{seed}": _short(value) for seed, value in row.values.items()},
        "mean": _short(row.mean),
        "difference [95%]": _difference(row).replace(",", ", "),
        "p Holm": _p(row),
        "MDD": _size(row.mdd),
        "rank 90%": _ranks(row),
        "P(best)": _short(row.p_best),
        "win rate [95%]": numbers.bounded(row.win_rate, row.win_rate_low, row.win_rate_high, _short),
        "tokens": numbers.number(row.response_tokens, decimals=1),
        "learning rate": numbers.NOT_AVAILABLE if math.isnan(row.learning_rate) else f"{row.learning_rate:g}",
        "degenerated": row.degenerated,
        "marks": row.marks,
    }
