"""The ledger of a comparison as tidy rows and as a table: what each row was given, drew, was told and took."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pandas as pd

from benchbench.comparison.ledger import UNKNOWN, Ledger, LedgerRow, amount, labels_in_words, mean_of
from benchbench.report import numbers

TITLE = "ledger: what each row took beyond the policy that all start from; means over seeds"
PLANNED_TITLE = "planned of each row, one seed; what follows from running it is not known yet"
PLANNED = ("method", "rows from", "prompts", "responses", "labels", "updates", "note")
"""Columns that are known before anything runs."""
PARTS = ("draw", "label", "train")
"""Parts of the time of a row, in their order."""


def ledger_frame(ledger: Ledger) -> pd.DataFrame:
    """One tidy row per label and seed; what is not known is NaN, and the note says why."""
    return pd.DataFrame([_tidy(row) for rows in ledger.values() for row in rows])


def _tidy(row: LedgerRow) -> dict[str, object]:
    return {
        "label": row.label,
        "seed": row.seed,
        "source": row.source,
        "split": row.split,
        "prompts": row.prompts,
        "responses": row.responses,
        "generated_tokens": row.generated_tokens,
        "labels_human": row.labels_human,
        "labels_oracle": "; ".join(
            f"{name}: {amount(answers.number)} {answers.gives}" for name, answers in row.labels_oracle.items()
        ),
        "steps": row.steps,
        "batch": row.batch,
        "updates": row.updates,
        "train_tokens": row.train_tokens,
        **{f"seconds_{part}": row.seconds.get(part, math.nan) for part in PARTS},
        "kl": row.kl,
        "note": "; ".join(row.notes),
    }


def shown_ledger(ledger: Ledger) -> list[dict[str, str]]:
    """Rows for a reader, one per label."""
    noted = any(row.notes for rows in ledger.values() for row in rows)
    return [_shown(label, rows, noted=noted) for label, rows in ledger.items()]


def shown_plan(ledger: Ledger) -> list[dict[str, str]]:
    """Rows for a reader of what is planned, one per label."""
    return [{name: row[name] for name in PLANNED if name in row} for row in shown_ledger(ledger)]


def _shown(label: str, rows: Sequence[LedgerRow], *, noted: bool) -> dict[str, str]:
    notes = dict.fromkeys(note for row in rows for note in row.notes)
    return {
        "method": label,
        "rows from": ", ".join(dict.fromkeys(row.source for row in rows)),
        "prompts": _mean(rows, lambda row: row.prompts),
        "responses": _mean(rows, lambda row: row.responses),
        "generated tokens": _mean(rows, lambda row: row.generated_tokens),
        "labels": labels_in_words(rows, named=True),
        "updates": f"{_mean(rows, lambda row: row.steps)} of {_mean(rows, lambda row: row.batch)}",
        "train tokens": _mean(rows, lambda row: row.train_tokens),
        "seconds " + "/".join(PARTS): "/".join(_seconds(rows, part) for part in PARTS),
        "KL": numbers.number(mean_of(rows, lambda row: row.kl)),
        **({"note": "; ".join(notes)} if noted else {}),
    }


def _mean(rows: Sequence[LedgerRow], number: Callable[[LedgerRow], float]) -> str:
    return amount(mean_of(rows, number))


def _seconds(rows: Sequence[LedgerRow], part: str) -> str:
    seconds = mean_of(rows, lambda row: row.seconds.get(part, math.nan))
    return UNKNOWN if math.isnan(seconds) else f"{seconds:,.1f}"
