"""Inputs that were removed and made again with other content than their readers have read."""

from __future__ import annotations

from collections.abc import Sequence

from benchbench.core.errors import BenchError
from benchbench.core.records import CONTENT, READ
from benchbench.plan.graph import Cell, Plan
from benchbench.store.runs import RunStore

MARK = "input redrawn"
"""What is said of a row whose stages have read what is no longer there."""


def redrawn_inputs(cell: Cell, plan: Plan, store: RunStore) -> list[str]:
    """Stages of a finished cell that read other content than their inputs have now, one text each."""
    lines: list[str] = []
    for key in plan.closure(cell):
        record = store.record(key)
        for name, content in (record.summary.get(READ, {}) if record is not None else {}).items():
            source = store.record(plan.stages[key].inputs[name])
            present = "nothing" if source is None else str(source.summary.get(CONTENT, "nothing"))
            if present != content:
                reader, title = plan.stages[key].title, plan.stages[plan.stages[key].inputs[name]].title
                lines.append(f"'{reader}' read {content[:12]} of '{title}', which is {present[:12]} now")
    return lines


def refuse_redrawn(cells: Sequence[Cell], plan: Plan, store: RunStore, *, allow_mixed: bool) -> list[str]:
    """A remark for each row with such an input; none where all have read what is there.

    Args:
        cells: finished.
        plan: that they are of.
        store: where their stages are filed.
        allow_mixed: whether such rows may be compared.

    Raises:
        BenchError: there is one, and it may not.
    """
    remarks: list[str] = []
    for cell in cells:
        lines = redrawn_inputs(cell, plan, store)
        if lines:
            more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
            remarks.append(f"{cell.loaded.label} seed {cell.seed}: {MARK}: {lines[0]}{more}")
    if remarks and not allow_mixed:
        raise BenchError(
            "\n".join(remarks) + "\nthese rows were trained on responses that are no longer those in runs/; remove the "
            "folders of the stages that read them and run the command again, or add --allow-mixed, which shows it"
        )
    return remarks
