"""Whether a stage goes on from the checkpoint of an earlier attempt, or starts anew and says why."""

from __future__ import annotations

from benchbench.stages.context import Report
from benchbench.store.runs import CHECKPOINT, RunStore
from benchbench.training.checkpoint import DamagedCheckpointError, Position, read_position


def resumption(store: RunStore, key: str, device_kind: str, report: Report) -> Position | None:
    """Where a stage goes on; none where it starts from nothing, and a checkpoint that is of no use is discarded.

    Numbers of different kinds of device are never mixed in one training, so a checkpoint is resumed only on the kind
    that it was made on. Anything else that changed between the attempts is recorded, not refused.

    Args:
        store: where the stage is filed.
        key: of the stage, which is claimed.
        device_kind: `cpu` or `cuda`: what it runs on now.
        report: told in one line where something that was there is not used.
    """
    before, position = store.record(key), None
    damaged = store.damaged_record(key)
    try:
        position = read_position(store.folder(key) / CHECKPOINT)
    except DamagedCheckpointError as error:
        fault = f"expected a checkpoint, found a damaged file ({error}), which is discarded"
    else:
        if damaged is not None:
            fault = f"expected a record, found a damaged file: {damaged}"
        elif position is None:
            return None
        elif before is None:
            fault = "expected a record of the attempt that made the checkpoint, found none; it is discarded"
        elif (made_on := before.environment.get("device_kind")) != device_kind:
            fault = f"expected a checkpoint of a training on {device_kind}, found one of a training on {made_on}, "
            fault += "which is discarded"
        else:
            return position
    store.remove_checkpoint(key)
    report({"message": f"starts anew: {fault}"})
    return None
