"""How fast a device is at what stages do: measured by stages that ran, else assumed as a range of a factor of two."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Literal, cast

from benchbench.cost.activations import Numerics
from benchbench.cost.devices import DeviceKind

WorkKind = Literal["training", "adapters", "scoring", "generation", "transformers generation", "judging"]
"""Stages of one kind of work have one share of what a device could do. Training of adapters is apart: beside each
product it has several passes over its result that are no products. So are draws of an engine of its own and those of
transformers, which a training that draws has, too."""
RateKey = tuple[WorkKind, str]
"""What has one rate: stages of one precision say nothing of another; and of judging, one judge nothing of another."""
OF_BYTES = ("generation", "transformers generation")
"""Work that is counted in bytes read from memory."""
STARTED = (*OF_BYTES, "judging")
"""Work of an engine, or of a judge, that the first such stage of a worker also starts."""
ASSUMED: dict[WorkKind, tuple[float, float]] = {
    "training": (0.25, 0.5),
    "adapters": (0.2, 0.4),
    "scoring": (0.25, 0.5),
    "generation": (0.3, 0.6),
    "transformers generation": (0.3, 0.6),
}
"""Least and largest share of the stated rate that is assumed where nothing was measured: of operations, and for
generation of bytes. Of judges nothing is stated."""


@dataclass(frozen=True)
class RateRange:
    """Units of work a second; one number where it was measured."""

    low: float
    high: float
    origin: str
    """`measured` with what, or `assumed` share of a stated rate."""

    @property
    def is_measured(self) -> bool:
        """Whether stages that ran say so."""
        return self.low == self.high

    def seconds(self, work: float) -> tuple[float, float]:
        """Least and most seconds that so much work takes."""
        return work / self.high, work / self.low


@dataclass(frozen=True)
class FinishedWork:
    """Work of one kind that was done, as far as its speed goes."""

    key: RateKey
    work: float
    """Operations, bytes of generation or questions to a judge, by the same formulas."""
    seconds: float


@dataclass(frozen=True)
class FinishedStage:
    """A stage that ran."""

    work: Mapping[RateKey, float]
    """Of every kind that it did."""
    seconds: float
    """Of all of it."""


def rate_name(key: RateKey) -> str:
    """What has a rate, in words."""
    kind, of = key
    return f"{kind} by {of}" if kind == "judging" else f"{kind} in {of}"


def separated(stages: Iterable[FinishedStage]) -> list[FinishedWork]:
    """The work of stages kind by kind.

    Of a stage that did several kinds, what those take that other stages measure by themselves is taken off; a stage of
    which more than one kind is left, or no time, says nothing.
    """
    every = list(stages)
    single = [
        FinishedWork(key, work, each.seconds)
        for each in every
        if len(each.work) == 1
        for key, work in each.work.items()
    ]
    return single + [work for each in every if len(each.work) > 1 for work in _remainder(each, single)]


def _remainder(stage: FinishedStage, measured: list[FinishedWork]) -> Iterator[FinishedWork]:
    """What is left of a stage beside what is measured elsewhere, where that is one kind of work."""
    rates = {key: measured_rate(key, measured) for key in stage.work}
    missing = [key for key, rate in rates.items() if rate is None]
    rest = stage.seconds - sum(stage.work[key] / rate.low for key, rate in rates.items() if rate is not None)
    if len(missing) == 1 and rest > 0:
        yield FinishedWork(missing[0], stage.work[missing[0]], rest)


def measured_rate(key: RateKey, ran: Iterable[FinishedWork]) -> RateRange | None:
    """The rate of work of one kind in one precision together, or the middle one; none where none was done."""
    stages = [each for each in ran if each.key == key and each.work > 0 and each.seconds > 0]
    if not stages:
        return None
    if key[0] in STARTED:  # the start of an engine is no work, and the queue has a start of its own
        rate = median(each.work / each.seconds for each in stages)
    else:
        rate = sum(each.work for each in stages) / sum(each.seconds for each in stages)
    plural = "s" if len(stages) > 1 else ""
    kind, of = key
    where = f"asking {of}" if kind == "judging" else f"in {of}"
    return RateRange(rate, rate, f"measured: {len(stages)} finished {kind} stage{plural} {where} here")


def assumed_rate(key: RateKey, device: DeviceKind) -> RateRange | None:
    """A range that is assumed from what the maker states; none where nothing is stated."""
    kind, of = key
    if kind == "judging":
        return None
    stated = device.bytes_per_second if kind in OF_BYTES else device.flops_of(cast("Numerics", of))
    if stated is None:
        return None
    low, high = ASSUMED[kind]
    unit = "bytes" if kind in OF_BYTES else f"{'float32' if of == 'float32' else 'bfloat16'} operations"
    origin = f"assumed: {low:.0%} to {high:.0%} of the {stated:.3g} {unit}/s stated for {device.name}; uncalibrated"
    return RateRange(low * stated, high * stated, origin)


def rate_of(key: RateKey, device: DeviceKind, ran: Iterable[FinishedWork]) -> RateRange | None:
    """The rate to reckon with: measured where a stage ran, else assumed, else none."""
    return measured_rate(key, ran) or assumed_rate(key, device)
