"""Which stages several processes can train together; the others are refused before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchbench import methods
from benchbench.core.errors import BenchError, Fault
from benchbench.core.method import Need
from benchbench.core.records import StageSpec
from benchbench.run.machine import Machine
from benchbench.stages.preference.settings import PreferenceSettings
from benchbench.stages.settings import TrainingSettings

READ_WHOLE = (Need.LIVE_REFERENCE.name, Need.RIVAL.name)
"""Needs of a second model that follows the weights of the policy, or is as large."""


def require_spreadable(stages: Iterable[StageSpec], machine: Machine) -> None:
    """Return only if a machine's processes can train every stage that trains, and come to what one would.

    Args:
        stages: of a plan.
        machine: with the number of processes that train a stage together.

    Raises:
        BenchError: all stages that they cannot train.
    """
    if machine.world_size == 1:
        return
    faults = [
        Fault(spec.title, said)
        for spec in stages
        if isinstance(spec.settings, TrainingSettings)
        for said in obstacles(spec, machine.world_size, shards=machine.shards)
    ]
    if faults:
        raise BenchError.of_faults(f"--world-size {machine.world_size}", faults)


def obstacles(spec: StageSpec, world_size: int, *, shards: bool) -> Iterator[str]:
    """What keeps a stage from being trained by so many processes.

    Args:
        spec: a stage that trains.
        world_size: processes.
        shards: whether they share its layers.
    """
    training = spec.settings.training
    if not training.disable_dropout:
        # masks of one process are drawn on from microbatch to microbatch
        yield (
            "expected training without dropout, whose masks would depend on the number of processes; found "
            "disable_dropout: false; set it to true, or train in one process"
        )
    if training.global_batch_size < world_size:
        yield (
            f"expected a global_batch_size of {world_size} or more, an example for each process; found "
            f"{training.global_batch_size}; ask for fewer processes"
        )
    if shards:
        yield from _whole(spec)


def _whole(spec: StageSpec) -> Iterator[str]:
    """What of a stage reads a model as a whole while it is trained."""
    if spec.run.training.torch_compile:
        yield "expected layers that are not compiled with --shard-layers, found torch_compile: true; set it to false"
    if not isinstance(spec.settings, PreferenceSettings):
        return
    if spec.settings.online is not None:
        yield (
            "expected rows of a split with --shard-layers, found online, where one process draws from the whole "
            "policy; leave --shard-layers out"
        )
    needs = methods.get(spec.settings.method.name, file=spec.run.method_file).needs
    for name in sorted({need.name for need in needs}.intersection(READ_WHOLE)):
        yield (
            "expected a method without a second model that is trained or follows the policy with --shard-layers, "
            f"found need '{name}'; leave --shard-layers out"
        )
