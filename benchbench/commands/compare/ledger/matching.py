"""What rows of a comparison were given alike: refused where it is planned otherwise, marked where it came otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from benchbench.comparison.ledger import Ledger, LedgerRow, Quantity, planned_apart, tokens_apart, unmatched
from benchbench.core.errors import BenchError, Fault

if TYPE_CHECKING:  # plans are refused before libraries of numbers are imported
    from benchbench.commands.compare.win_rates import Samples
    from benchbench.comparison.pairs.table import Comparison


def with_draws(ledger: Ledger) -> bool:
    """Whether a row draws responses for its training."""
    return any(row.draws for rows in ledger.values() for row in rows)


def refuse_planned_apart(ledger: Ledger, *, baseline: str) -> None:
    """Refuse rows of unequal prompts or updates beside a row that draws; splits alone differ by recipes and are shown.

    Args:
        ledger: as planned.
        baseline: label of the row that the others are measured by; the first where it trains nothing.

    Raises:
        BenchError: every row that is planned unequal, and in what.
    """
    if not with_draws(ledger):
        return
    first = reference_of(ledger, baseline)
    faults = [Fault(label, "; ".join(apart)) for label, apart in _apart(ledger, first).items()]
    if faults:
        raise BenchError.of_faults(
            f"not comparable with {first}, since rows that draw their own responses are compared at equal prompts and "
            "updates; plan them equal, or add --allow-different, which marks the rows",
            faults,
        )


def marks_of(ledger: Ledger, *, baseline: str, match: Sequence[Quantity]) -> dict[str, list[str]]:
    """Label -> marks of rows that were not given what the baseline was.

    Rows that draw are compared with the first that does in their responses and generated tokens, whatever is to match;
    what is to match is compared with the baseline.

    Args:
        ledger: as measured.
        baseline: label of the baseline; the first row stands in where it trains nothing.
        match: what is to be equal.
    """
    if not ledger:
        return {}
    first = reference_of(ledger, baseline)
    marks: dict[str, list[str]] = {label: [] for label in ledger}
    for label, apart in _apart(ledger, first).items() if with_draws(ledger) else ():
        marks[label] += [f"not planned alike: {what}" for what in apart]
    for label, rows in ledger.items():
        marks[label] += filter(None, (unmatched(rows, ledger[first], quantity) for quantity in match))
    drawing = [label for label, rows in ledger.items() if any(row.draws for row in rows)]
    measure = first if first in drawing else next(iter(drawing), "")
    for label in drawing:
        marks[label] += filter(None, _drawn_apart(ledger[label], ledger[measure], match))
    return {label: of_label for label, of_label in marks.items() if of_label}


def with_marks(
    comparisons: Sequence[Comparison], samples: Samples | None, marks: Mapping[str, Sequence[str]]
) -> tuple[list[Comparison], Samples | None]:
    """The rows of both kinds of table with further marks."""
    marked = [replace(row, marks=(*row.marks, *marks.get(row.candidate, ()))) for row in comparisons]
    if samples is not None and marks:
        both = {label: (*samples.marks.get(label, ()), *of_label) for label, of_label in marks.items()}
        samples = replace(samples, marks={**samples.marks, **both})
    return marked, samples


def reference_of(ledger: Ledger, baseline: str) -> str:
    """The row that others are measured by: the baseline, or the first that trains a policy."""
    return baseline if baseline in ledger else next(iter(ledger))


def _apart(ledger: Ledger, first: str) -> dict[str, list[str]]:
    apart = {label: planned_apart(rows, ledger[first]) for label, rows in ledger.items() if label != first}
    return {label: differences for label, differences in apart.items() if differences}


def _drawn_apart(rows: Sequence[LedgerRow], measure: Sequence[LedgerRow], match: Sequence[Quantity]) -> tuple[str, str]:
    """Marks of a row that drew: other responses than the first that drew, where that was not said yet, and tokens."""
    responses = "" if "responses" in match else unmatched(rows, measure, "responses")
    return responses, tokens_apart(rows, measure)
