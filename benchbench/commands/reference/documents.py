"""Marked parts of documents: all tables of a reference, or an excerpt with a sentence that reads it.

A part stands between `<!-- reference NAME: begin -->` and `<!-- reference NAME: end -->`, an excerpt between
`<!-- excerpt NAME: begin -->` and `<!-- excerpt NAME: end -->`; NAME is that of the reference's folder.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchbench.commands.compare.compared import compare_scored, start_label
from benchbench.commands.compare.guarded import guarded
from benchbench.commands.compare.run import CompareRequest, prepare_comparison
from benchbench.commands.regress.reference import read_reference, scored_of
from benchbench.commands.run_plan import RunOptions
from benchbench.comparison.pairs.table import Comparison
from benchbench.core.errors import BenchError
from benchbench.report import numbers
from benchbench.report.comparison import column_of, markdown_table
from benchbench.store.files import write_text
from benchbench.store.reference import ReferenceStore

EXCERPT_METHODS = 2
EXCERPT_SEEDS = 3


def fill_documents(documents: Iterable[Path], folder: Path, *, runs: Path) -> None:
    """Replace the marked parts of documents by what a reference's folder holds now.

    Args:
        documents: each with one mark or more.
        folder: the reference.
        runs: where its data is prepared, or will be.

    Raises:
        BenchError: a document without such marks.
    """
    for document in documents:
        text = document.read_text(encoding="utf-8")
        parts = {
            "reference": lambda: ReferenceStore(folder).tables().strip(),
            "excerpt": lambda: excerpt(folder, runs=runs),
        }
        marked = [kind for kind in parts if _marks(kind, folder)[0] in text and _marks(kind, folder)[1] in text]
        if not marked:
            wanted = " or ".join(" and ".join(_marks(kind, folder)) for kind in parts)
            raise BenchError(f"{document}: expected the lines {wanted}, found none; put them where the tables belong")
        for kind in marked:
            begin, end = _marks(kind, folder)
            head, rest = text.split(begin, 1)
            text = f"{head}{begin}\n{parts[kind]()}\n{end}{rest.split(end, 1)[1]}"
        write_text(document, text)


def _marks(kind: str, folder: Path) -> tuple[str, str]:
    return f"<!-- {kind} {folder.name}: begin -->", f"<!-- {kind} {folder.name}: end -->"


def excerpt(folder: Path, *, runs: Path) -> str:
    """The headline table of a reference's first two methods and seeds, from the committed rows, and how to read it.

    Rows that left the range of the start are marked as the command marks them, by what pairs show of it.
    """
    committed = read_reference(ReferenceStore(folder))
    about = committed.about
    seeds = [str(seed) for seed in about["seeds"][:EXCERPT_SEEDS]]
    request = CompareRequest(about["targets"][:EXCERPT_METHODS], about["setting"], seeds, pairs_only=True)
    prepared = prepare_comparison(request, RunOptions("cpu", None, runs))
    scored = [scored_of(cell, committed) for cell in prepared.session.cells]
    headline, comparisons = compare_scored(prepared, request, scored)
    comparisons, _, _ = guarded(comparisons, None, headline=headline, start=start_label(prepared))
    return f"{markdown_table(comparisons, *headline)}\n{reading(column_of(comparisons, *headline))}"


def reading(rows: Sequence[Comparison]) -> str:
    """What a table says, a sentence for each row but the baseline's."""
    first = rows[0]
    sentences = [_sentence(row) for row in rows if row.candidate != row.baseline]
    return " ".join([f"Over {len(first.seeds)} seeds and {first.n} held-out pairs:", *sentences])


def _sentence(row: Comparison) -> str:
    size, least = (
        numbers.quantity(abs(value), row.unit) for value in (row.difference, row.minimum_detectable_difference)
    )
    low, high = (numbers.quantity(bound, row.unit, sign="+") for bound in (row.low, row.high))
    where = f"`{row.candidate}` is {size} {'below' if row.difference < 0 else 'above'} `{row.baseline}`"
    said = f"{where}, {row.level:.0%} interval {low} to {high}"
    if math.isnan(row.low) or math.isnan(row.high):
        return f"{where}, and without an interval nothing follows."
    if row.low <= 0 <= row.high:
        enough = (
            f"; one of {least} would have been found with 80 % power"
            if math.isfinite(row.minimum_detectable_difference)
            else ""
        )
        return f"{said}: no difference was shown{enough}."
    corrected = f"p {numbers.p_value(row.p_holm)} after Holm's correction"
    return f"{said}: a difference that holds over seeds and prompts ({corrected})."
