"""Which executor runs a plan where none was named: by what its trainings are computed to need of a card."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchbench.core.errors import BenchError, Fault
from benchbench.core.records import StageSpec
from benchbench.cost.context import WORLDS, StageCost, fewest
from benchbench.cost.devices import DEVICES, USABLE, DeviceKind, Fleet
from benchbench.cost.fit import advice
from benchbench.run.machine import AUTO, LOCAL, TORCHRUN, Machine
from benchbench.run.needs import needs_of
from benchbench.run.spreading import obstacles

LONGEST = "with rows at their longest"
"""What is counted, since nothing is tokenised before it runs."""


@dataclass(frozen=True)
class Cards:
    """The cards that a command may take."""

    devices: tuple[str, ...]
    memory_bytes: int
    """Of the smallest."""
    name: str
    """As torch has it."""

    @property
    def usable(self) -> float:
        """Bytes that a stage may have on each."""
        return self.memory_bytes * USABLE

    @property
    def fleet(self) -> Fleet:
        """As plans name them."""
        known = next((device for device in DEVICES.values() if self.name in device.driver_names), None)
        gib = self.memory_bytes / 2**30
        return Fleet(len(self.devices), known or DeviceKind(self.name, gib, None, None, None, None, ""))


@dataclass(frozen=True)
class ExecutorChoice:
    """Where stages run, and why there."""

    machine: Machine
    reason: str = ""
    """Empty on a processor, where nothing is chosen."""
    spread: frozenset[str] | None = None
    """Keys of the only trainings that several processes share; none for all that can be shared."""
    costs: Mapping[str, StageCost] = field(default_factory=dict)
    """Of every stage, by key, on cards."""
    usable: float = 0.0
    """Bytes that a stage may have on each card."""

    @property
    def is_chosen(self) -> bool:
        """Whether it is another one than runs every stage in one process."""
        return self.spread is not None


def choose_executor(
    machine: Machine,
    named: str,
    stages: Mapping[str, StageSpec],
    costs: Mapping[str, StageCost],
    cards: Cards,
    machine_of: Callable[[int, bool], Machine],
    *,
    workers: int | None = None,
) -> ExecutorChoice:
    """The executor that was asked for; else one process for each stage where a card holds it, else several.

    Args:
        machine: as it would be with what was asked for, or with one process for each stage.
        named: what `--executor` says.
        stages: those that are to run, by key.
        costs: of at least these, by key.
        cards: that the command may take, however many stages run at once.
        machine_of: (processes of a stage, whether they share its layers) -> the machine with them.
        workers: stages at once, as asked for.

    Raises:
        BenchError: a training that no number of the cards holds, or that several processes cannot share.
    """
    if named != AUTO or machine.device_share != 1:
        name = LOCAL if named == AUTO else named
        return ExecutorChoice(machine, f"{name}, as asked for", costs=costs, usable=cards.usable)
    most = len(cards.devices) // (workers or 1)
    known = [cost for key in stages if (cost := costs[key]).memory is not None]
    trained = [cost for cost in known if cost.train is not None and _bytes(cost, 1) > cards.usable]
    drawn = [cost for cost in known if _is_spread_engine(stages[cost.key], cost, cards.usable, most)]
    if not trained and not drawn:
        reason = f"{LOCAL}: {_largest(known)}of a card's {cards.usable / 2**30:.1f} usable"
        return ExecutorChoice(machine, reason if known else LOCAL, costs=costs, usable=cards.usable)
    faults = [fault for cost in trained for fault in _faults(cost, stages[cost.key], cards, most)]
    if faults:
        raise BenchError.of_faults("--executor auto", faults)
    worlds = {cost.key: fewest(cost, cards.usable, most) or 1 for cost in (*trained, *drawn)}
    world = max(worlds.values())
    first = max((*trained, *drawn), key=lambda cost: (worlds[cost.key], _bytes(cost, 1)))
    shared = "; layers are shared" if trained else ""
    reason = (
        f"{TORCHRUN}, chosen with {world} cards for a stage: {first.title} is computed to need "
        f"{_bytes(first, 1) / 2**30:.1f} GiB of a card, {LONGEST}, of which {cards.usable / 2**30:.1f} are usable, and "
        f"{_bytes(first, world) / 2**30:.1f} of each of {world}{shared}"
    )
    spread = frozenset(cost.key for cost in trained)
    return ExecutorChoice(machine_of(world, bool(trained)), reason, spread, costs, cards.usable)


def _bytes(cost: StageCost, world: int) -> float:
    assert cost.memory is not None, "asked of stages whose memory is known"
    return cost.memory(world).bytes


def _largest(known: Sequence[StageCost]) -> str:
    most = max((_bytes(cost, 1) for cost in known if cost.train is not None), default=None)
    return "no stage trains, " if most is None else f"trainings are computed to need at most {most / 2**30:.1f} GiB "


def _is_spread_engine(spec: StageSpec, cost: StageCost, usable: float, most: int) -> bool:
    """Whether one engine of a stage that draws has to be, and can be, spread over several cards."""
    return cost.train is None and needs_of(spec).engine and (fewest(cost, usable, most) or 1) > 1


def _faults(cost: StageCost, spec: StageSpec, cards: Cards, most: int) -> Iterator[Fault]:
    """Why the cards do not hold a training that one of them does not."""
    usable, title = cards.usable / 2**30, cost.title
    world = fewest(cost, cards.usable, min(most, WORLDS[-1]))
    if world is None:
        holding = "; ".join(advice(cost, cards.fleet, cards.usable)) or "nothing that the formulas know"
        yield Fault(
            title,
            f"expected a training that {most} {'cards hold' if most > 1 else 'card holds'}, {usable:.1f} GiB of each "
            f"usable, found {_bytes(cost, most) / 2**30:.1f} GiB computed on each, {LONGEST}; would fit: {holding}; "
            "--executor local tries it on one card",
        )
        return
    for said in obstacles(spec, world, shards=True):
        yield Fault(title, f"computed not to fit one card, but {world} that share it: {said}")
