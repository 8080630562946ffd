"""Whether a stage goes on from a checkpoint of an earlier attempt, or starts anew and says why."""

from __future__ import annotations

from pathlib import Path

from benchbench.core.records import StageRecord
from benchbench.stages.context import Report
from benchbench.store.damage import beside, set_aside
from benchbench.store.runs import CHECKPOINT, PROGRESS, RunStore
from benchbench.store.stage_files import LOG
from benchbench.training.checkpoint import DamagedCheckpointError, Position, checkpoints, discard, position_of
from benchbench.training.log import log_fault


def resumption(store: RunStore, key: str, device_kind: str, report: Report) -> Position | None:
    """Where a stage goes on; none where it starts from nothing, and a checkpoint that is of no use is discarded.

    A checkpoint that is not as it was written, or whose training's log is not, is set aside, and the one before it is
    looked at; what was set aside stays until the stage is done. Numbers of different kinds of device are never mixed in
    one training, so a checkpoint is resumed only on the kind that it was made on. Anything else that changed between
    the attempts is recorded, not refused.

    Args:
        store: where the stage is filed.
        key: of the stage, which is claimed.
        device_kind: `cpu` or `cuda`: what it runs on now.
        report: told in one line where something that was there is not used.
    """
    before, position, fault = store.record(key), None, ""
    if (damaged := store.damaged_record(key)) is not None:
        place = set_aside(damaged, beside(damaged))
        fault = f"expected a record, found a damaged file: {damaged}, which is set aside as {place.name}"
    elif paths := checkpoints(store.folder(key) / CHECKPOINT):
        fault = _misfit(before, device_kind)
        for path in [] if fault else paths:
            position = _sound_position(path, store.folder(key) / LOG, report)
            if position is not None:
                break
        else:
            fault = fault or "no other checkpoint is there"
    if position is None:
        for path in (*checkpoints(store.folder(key) / CHECKPOINT), store.folder(key) / PROGRESS):
            discard(path)
        if fault:
            report({"message": f"starts anew: {fault}"})
    return position


def _misfit(record: StageRecord | None, device_kind: str) -> str:
    """Why checkpoints of an attempt are of no use here, however sound they are; empty where they are."""
    if record is None:
        return "expected a record of the attempt that made the checkpoint, found none; it is discarded"
    if (made_on := record.environment.get("device_kind")) != device_kind:
        return (
            f"expected a checkpoint of a training on {device_kind}, found one of a training on {made_on}, "
            "which is discarded"
        )
    return ""


def _sound_position(path: Path, log: Path, report: Report) -> Position | None:
    """Where the run of a checkpoint stands, which is read once; one that is not as it was written is set aside.

    Neither is one up to which the log is not as it was written.
    """
    try:
        position = position_of(path)
    except DamagedCheckpointError as error:
        damage = f"found a damaged file ({error})"
    else:
        fault = log_fault(log, position.log_bytes, position.log_sha256)
        if not fault:
            return position
        damage = f"found one whose {fault}"
    place = set_aside(path, beside(path))
    report({"message": f"{path}: expected a checkpoint, {damage}; it is set aside as {place.name}"})
    return None
