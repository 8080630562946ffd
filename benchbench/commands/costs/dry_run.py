"""The lines of `--dry-run` on memory and executor: the stage that needs the most, computed before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchbench.commands.costs.run import costs_of
from benchbench.commands.costs.shown import memory_line
from benchbench.commands.planned_executor import chosen_executor
from benchbench.commands.run_plan import Session
from benchbench.core.errors import BenchError
from benchbench.cost.memory import MemoryNeed
from benchbench.data.model_size import gib, machine_bytes
from benchbench.run.machine import cuda_card_count
from benchbench.store.runs import RunStore

DRIVER = Path("/proc/driver/nvidia/version")
"""There where a driver for cards is; asked without torch, whose import takes longer than the plan."""


@dataclass(frozen=True)
class PlannedMemory:
    """The most memory that a stage of a plan needs."""

    line: str
    values: dict[str, Any] | None
    """For a program; none where nothing is known."""


def planned_memory(sessions: Sequence[Session], store: RunStore) -> PlannedMemory | None:
    """What the stage with the most memory needs, of those that are to run; none where none puts text through a model.

    No row is tokenised for it: rows count as long as they may be, so a microbatch is as large as it may be.
    """
    needs: list[tuple[MemoryNeed, str, tuple[str, ...]]] = []
    unknown: dict[str, int] = {}
    kinds = {device_kind(session.options.device) for session in sessions}
    for session in sessions:
        for key, cost in costs_of(session, device_kind(session.options.device), counted=False).items():
            if not session.assumed and store.is_done(key):
                continue
            if cost.memory is not None:
                needs.append((cost.memory(1), cost.title, cost.notes))
            elif cost.unknown and not cost.calls:
                reason = cost.unknown[0]
                unknown[reason] = unknown.get(reason, 0) + 1
    if not needs:
        reason = next(iter(unknown), None)
        return None if reason is None else PlannedMemory(f"memory: not known: {reason}", None)
    need, title, notes = max(needs, key=lambda each: each[0].bytes)
    line = memory_line(title, need, ("rows at their longest", *notes))
    if kinds == {"cpu"} and need.bytes > machine_bytes():
        line += f"; this machine has {gib(machine_bytes())}: `bench plan --on` says where it fits"
    if unknown:
        count = sum(unknown.values())
        line += f"; not known for {count} {'stage' if count == 1 else 'stages'}: {'; '.join(unknown)}"
    parts = {name: size / 2**30 for name, size in need.parts.items()}
    return PlannedMemory(line, {"stage": title, "gib": need.gib, "parts": parts, "moment": need.moment})


@dataclass(frozen=True)
class PlannedExecutor:
    """What would run the stages of a plan on the cards of this machine."""

    line: str
    values: dict[str, Any]
    """For a program."""


def planned_executor(sessions: Sequence[Session], store: RunStore) -> list[PlannedExecutor]:
    """What would run each plan's stages that are to run, with the reason; none where there are no cards to choose for.

    A plan that the command would refuse is named with what would hold it.
    """
    planned: list[PlannedExecutor] = []
    for session in sessions:
        stages = session.plan.stages
        todo = [key for key in stages if session.assumed or not store.is_done(key)]
        if not todo or device_kind(session.options.device) == "cpu" or not cuda_card_count():
            continue
        try:
            choice = chosen_executor(session, session.options, todo, ())
        except BenchError as error:
            planned.append(PlannedExecutor(f"executor: refused: {error}", {"name": None, "reason": str(error)}))
            continue
        machine = choice.machine
        values = {"name": machine.executor, "world_size": machine.world_size, "shards": machine.shards}
        reason = choice.reason or f"{machine.executor}, as asked for"
        planned.append(PlannedExecutor(f"executor: {reason}", values | {"reason": reason}))
    return list({each.line: each for each in planned}.values())


def device_kind(device: str) -> str:
    """`cpu` or `cuda` for what `--device` says; for `auto` by whether there is a driver."""
    if device == "auto":
        return "cuda" if DRIVER.exists() else "cpu"
    return device.partition(":")[0]
