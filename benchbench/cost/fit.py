"""Where a stage fits: on how many devices of one kind, and if on none, what would hold it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from benchbench.cost.context import WORLDS, StageCost, fewest
from benchbench.cost.devices import DEVICES, Fleet
from benchbench.cost.memory import MemoryNeed, training_memory


@dataclass(frozen=True)
class FittedStage:
    """A stage on devices."""

    devices: int | None
    """Fewest that it fits on; none where it fits on none, or its memory is not known."""
    need: MemoryNeed | None
    """Memory on each of them, or on one where it fits nowhere; none where it is not known, or there is no model."""
    advice: str = ""
    """Where it fits nowhere, what would hold it."""

    @property
    def fits_nowhere(self) -> bool:
        """Whether no number of the devices holds it."""
        return self.need is not None and self.devices is None


def placed(cost: StageCost, fleet: Fleet, usable: float | None) -> FittedStage:
    """The fewest devices that hold a stage.

    Args:
        cost: of the stage.
        fleet: the devices.
        usable: bytes that a stage may have on each; none where that is not known.
    """
    if cost.memory is None:
        return FittedStage(1 if not cost.unknown else None, None)
    if usable is None:
        return FittedStage(1, cost.memory(1))
    world = fewest(cost, usable, fleet.count)
    if world is not None:
        return FittedStage(world, cost.memory(world))
    return FittedStage(None, cost.memory(1), "; ".join(advice(cost, fleet, usable)) or "nothing that the formulas know")


def advice(cost: StageCost, fleet: Fleet, usable: float) -> Iterator[str]:
    """What would hold a stage that fits nowhere: other settings, or other devices."""
    train = cost.train
    if train is not None:
        for words, changed in (
            ("gradient_checkpointing: true", replace(train, checkpointed=True)),
            ("lora (rank 16, all-linear)", replace(train, adapter_rank=16, targets="all-linear")),
            ("both", replace(train, checkpointed=True, adapter_rank=16, targets="all-linear")),
        ):
            need = training_memory(changed, min(fleet.count, WORLDS[-1]))
            if need.bytes <= usable and changed != train:
                yield f"{words}: {need.gib:.1f} GiB on each of {fleet.count}"
                break
    for device in DEVICES.values():
        if device.usable_bytes is not None:
            world = fewest(cost, device.usable_bytes, WORLDS[-1])
            if world is not None and (device != fleet.device or world > fleet.count):
                yield f"{world}x{device.name}"
