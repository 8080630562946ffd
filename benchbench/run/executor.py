"""What runs single stages: the protocol between the scheduler and whatever holds the devices.

An executor starts a stage, reports, and stops it; it knows neither the graph nor the order of stages, which are the
scheduler's (`run.scheduler`). `run.local` has worker processes of this machine behind it; an executor that spreads one
stage over several devices, or stages over several machines, fits behind the same five verbs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from benchbench.core.records import StageRecord, StageSpec

ROUNDING = 1e-9
"""By how much parts of a card may add up to more than one: three times a third is not always one to the bit."""


@dataclass(frozen=True)
class StageNeeds:
    """What a stage needs of the machine; no part of its identity."""

    devices: float = 1
    """Devices at once; a slot with fewer cannot take it. Below 1 it is a part of one device, which others share."""
    engine: bool = False
    """It draws responses, so it goes to a slot that holds an engine: one for a grid, or one on each card."""
    run_engine: str | None = None
    """The engine that drew the run's other responses, which one that may choose for itself does not leave."""
    engine_devices: int = 1
    """Devices that one engine is spread over, in one process; only a slot with so many can take the stage."""
    priority: int = 0
    """Of the stages that could start and are waited for equally long, those with the lowest number go first."""
    weight: int = 1
    """About how long it takes, beside a stage that only scores."""
    host_bytes: int = 0
    """Memory of the host, for an executor that asks a cluster for it; 0 where it is not known, or nobody asks."""


@dataclass(frozen=True)
class Slot:
    """A place for one stage at a time.

    Slots may have the same card: what runs there at one time never needs more than one whole of it, which the scheduler
    sees to. `cpu` is shared by all.
    """

    number: int
    """Which of the executor's slots it is, from 0."""
    devices: tuple[str, ...]
    """`cpu`, or torch's names such as `cuda:1`."""


@dataclass(frozen=True)
class StageProgress:
    """A stage moved on, or has a line for people."""

    key: str
    values: Mapping[str, Any]
    """As the stage reported them: `key` and `title` with `step`, `steps` and `tokens`, or with `message`."""


@dataclass(frozen=True)
class StageEnded:
    """A stage ended, one way or another."""

    key: str
    record: StageRecord


@dataclass(frozen=True)
class StageLost:
    """What ran a stage is gone; its record on disk says how far it came."""

    key: str
    reason: str


StageEvent = StageProgress | StageEnded | StageLost


class Executor(Protocol):
    """Runs stages on slots of its own, one stage on each."""

    def slots(self) -> Sequence[Slot]:
        """Every slot there is at present, those that are quickest to start on first."""
        ...

    def submit(self, spec: StageSpec, needs: StageNeeds, slot: Slot) -> None:
        """Start a stage whose inputs are finished on a slot that is free; returns at once."""
        ...

    def events(self, timeout: float) -> Sequence[StageEvent]:
        """What has come from the running stages, in order of each; none after so many seconds without any.

        Every stage that was submitted ends with one `StageEnded` or `StageLost`, after which its slot is free.
        """
        ...

    def stop(self, *, hard: bool) -> None:
        """Ask all running stages for a checkpoint, or end them at once; may be called from a signal handler."""
        ...

    def close(self) -> None:
        """End everything that was started; running stages have time for a checkpoint."""
        ...
