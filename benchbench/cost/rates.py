"""How fast a device is at what stages do: measured by stages that ran, else assumed as a range of a factor of two."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from benchbench.cost.activations import Numerics
from benchbench.cost.devices import DeviceKind

WorkKind = Literal["training", "adapters", "scoring", "generation"]
"""Stages of one kind of work have one share of what a device could do. Training of adapters is apart: beside each
product it has several passes over its result that are no products."""
RateKey = tuple[WorkKind, Numerics]
"""What has one rate: stages of one precision say nothing of another."""
ASSUMED: dict[WorkKind, tuple[float, float]] = {
    "training": (0.25, 0.5),
    "adapters": (0.2, 0.4),
    "scoring": (0.25, 0.5),
    "generation": (0.3, 0.6),
}
"""Least and largest share of the stated rate that is assumed where nothing was measured: of operations, and for
generation of bytes."""


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
    """A stage that ran, as far as its speed goes."""

    key: RateKey
    work: float
    """Operations, or bytes for generation, by the same formulas."""
    seconds: float


def measured_rate(key: RateKey, ran: Iterable[FinishedWork]) -> RateRange | None:
    """The rate of stages of one kind of work in one precision together; none where none ran."""
    stages = [each for each in ran if each.key == key and each.work > 0 and each.seconds > 0]
    if not stages:
        return None
    rate = sum(each.work for each in stages) / sum(each.seconds for each in stages)
    kind, numerics = key
    plural = "s" if len(stages) > 1 else ""
    return RateRange(rate, rate, f"measured: {len(stages)} finished {kind} stage{plural} in {numerics} here")


def assumed_rate(key: RateKey, device: DeviceKind) -> RateRange | None:
    """A range that is assumed from what the maker states; none where nothing is stated."""
    kind, numerics = key
    stated = device.bytes_per_second if kind == "generation" else device.flops_of(numerics)
    if stated is None:
        return None
    low, high = ASSUMED[kind]
    unit = "bytes" if kind == "generation" else f"{'float32' if numerics == 'float32' else 'bfloat16'} operations"
    origin = f"assumed: {low:.0%} to {high:.0%} of the {stated:.3g} {unit}/s stated for {device.name}; uncalibrated"
    return RateRange(low * stated, high * stated, origin)


def rate_of(key: RateKey, device: DeviceKind, ran: Iterable[FinishedWork]) -> RateRange | None:
    """The rate to reckon with: measured where a stage ran, else assumed, else none."""
    return measured_rate(key, ran) or assumed_rate(key, device)
