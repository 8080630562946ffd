"""What `--dry-run` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchbench.cli.output import print_json, print_note, print_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchbench.commands.run_plan import Session
    from benchbench.comparison.ledger import Ledger
    from benchbench.store.runs import RunStore


def print_plan(sessions: Sequence[Session], store: RunStore, *, as_json: bool, ledger: Ledger | None = None) -> None:
    """What is said of the data, transforms included, what was assumed of them, and the stages of plans, each once.

    The ledger is what is planned of rows that are compared, where one of them draws.
    """
    from benchbench.commands.costs.dry_run import planned_executor, planned_memory
    from benchbench.commands.plan_rounds import folded_rows, planned_rounds
    from benchbench.commands.plan_view import plan_rows, shown_rows, stop_lines, total_estimate
    from benchbench.plan.graph import Plan
    from benchbench.plan.replicates import copies

    plans = [session.plan for session in sessions]
    merged = Plan({k: v for plan in plans for k, v in plan.stages.items()}, [c for plan in plans for c in plan.cells])
    unknown = {key for session in sessions if session.assumed for key in session.plan.stages}
    rows = [row | {"key": None} if row["key"] in unknown else row for row in plan_rows(merged, store)]
    estimate = total_estimate(rows)
    remarks = copies(merged)
    data = list(dict.fromkeys(line for session in sessions for line in session.data_report))
    assumed = list(dict.fromkeys(line for session in sessions for line in session.assumed))
    rounds = planned_rounds(merged, store)
    memory, executors = planned_memory(sessions, store), planned_executor(sessions, store)
    if as_json:
        of_rounds = {"rounds": [each.as_values() for each in rounds]} if rounds else {}
        notes = {"data": data, "remarks": remarks, "responses_end_at": stop_lines(merged), "assumed": assumed}
        planned = [row.as_values() for of_label in (ledger or {}).values() for row in of_label]
        print_json(
            {
                "stages": rows,
                "cells": len(merged.cells),
                "seconds_left": estimate,
                "memory": None if memory is None else memory.values,
                "executors": [each.values for each in executors],
                **notes,
                **of_rounds,
                "ledger": planned,
            }
        )
        return
    print_rows(shown_rows(folded_rows(rows, rounds)))
    if ledger:
        from benchbench.report.ledger import PLANNED_TITLE, shown_plan

        print_note("")
        print_rows(shown_plan(ledger), title=PLANNED_TITLE)
    for line in [*assumed, *data, *remarks, *(each.costs for each in rounds)]:
        print_note(line)
    if memory is not None:
        print_note(memory.line)
    for executor in executors:
        print_note(executor.line)
    left = sum(row["status"] != "finished" for row in rows)
    time = (
        f"about {estimate:.0f} s of one worker"
        if estimate is not None
        else "no estimate: a stage of one of these kinds never ran here"
    )
    print_note(
        f"{len(merged.cells)} cells, {len(rows)} stages, {left} to run; {time if left else 'nothing left to run'}"
    )
