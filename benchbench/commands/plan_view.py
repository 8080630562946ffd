"""`--dry-run`: the stages of a plan, what is finished, and how long the rest may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchbench.generation.stops import EOS, Stops
from benchbench.plan.graph import Plan
from benchbench.stages.generate.settings import GenerateRun
from benchbench.store.runs import RunStore


def plan_rows(plan: Plan, store: RunStore) -> list[dict[str, Any]]:
    """One row per stage: title, key, status, and seconds as recorded or estimated."""
    rows = []
    for key, spec in plan.stages.items():
        record = store.record(key)
        status = "to run"
        if record is not None:
            status = {"done": "finished", "failed": "to run again", "running": "to resume"}.get(
                record.status, "to resume"
            )
        seconds = record.seconds if record is not None and record.status == "done" else _estimate(store, spec.kind)
        rows.append({"stage": spec.title, "kind": spec.kind, "key": key, "status": status, "seconds": seconds})
    return rows


def shown_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows for a reader: a key begins with its stage's kind, so the kind has no column, and stands where no key is."""
    return [{name: row[name] for name in row if name != "kind"} | {"key": row["key"] or row["kind"]} for row in rows]


def _estimate(store: RunStore, kind: str) -> float | None:
    """Median seconds of finished stages of that kind on this machine; none without one."""
    known = [record.seconds for record in store.records(kind) if record.status == "done"]
    return median(known) if known else None


def total_estimate(rows: list[dict[str, Any]]) -> float | None:
    """Seconds of everything that is not finished, one worker; none where a kind of stage never ran here."""
    todo = [row["seconds"] for row in rows if row["status"] != "finished"]
    return None if any(seconds is None for seconds in todo) else float(sum(todo))


def stop_lines(plan: Plan) -> list[str]:
    """At which tokens responses end, where EOS is not the only one, and remarks on other possible ends."""
    lines: list[str] = []
    for spec in plan.stages.values():
        if isinstance(spec.run, GenerateRun) and spec.run.stops is not None:
            stops = Stops.from_json(spec.run.stops)
            if not all(EOS in stop.origins for stop in stops.tokens):
                lines.append(f"responses end at {', '.join(map(str, stops.tokens))}")
            lines += [f"responses: {note}" for note in stops.notes]
    return list(dict.fromkeys(lines))
