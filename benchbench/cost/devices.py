"""Devices that a plan may be made for, by what their makers state; nothing here was measured."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from benchbench.core.errors import BenchError, suggestion

NVIDIA = "https://www.nvidia.com/en-us/data-center"
USABLE = 0.94
"""Share of a card's memory that a process can have, beside what the driver and the libraries take."""
MOST_DEVICES = 4096


@dataclass(frozen=True)
class DeviceKind:
    """One kind of device, as stated."""

    name: str
    memory_gib: float | None
    """None where it is not stated, as of a processor."""
    flops_per_second: float | None
    """Dense bfloat16 products with float32 sums; the makers' figures with sparsity are halved."""
    bytes_per_second: float | None
    """Of its own memory."""
    link_bytes_per_second: float | None
    """To the other devices of its host, in one direction; none where they share no fast link."""
    source: str
    """Who states it."""

    @property
    def usable_bytes(self) -> float | None:
        """Memory that a stage may have; none where it is not stated."""
        return None if self.memory_gib is None else self.memory_gib * 2**30 * USABLE


def _card(name: str, gigabytes: float, tera: float, memory: float, link: float | None, page: str) -> DeviceKind:
    """A card, in the units of data sheets: GB (10^9), TFLOP/s, TB/s, GB/s."""
    gib = gigabytes * 1e9 / 2**30
    return DeviceKind(name, gib, tera * 1e12, memory * 1e12, None if link is None else link * 1e9, f"{NVIDIA}/{page}")


DEVICES: Mapping[str, DeviceKind] = {
    device.name: device
    for device in (
        _card("A100-40GB", 40, 312, 1.555, 300, "a100"),
        _card("A100-80GB", 80, 312, 2.039, 300, "a100"),
        _card("L40S", 48, 362, 0.864, None, "l40s"),
        _card("H100", 80, 989, 3.35, 450, "h100"),
        _card("H200", 141, 989, 4.8, 450, "h200"),
        DeviceKind("cpu", None, None, None, None, "nobody states it; what stages took on this machine is read"),
    )
}
"""By name, as `--on` has it."""


@dataclass(frozen=True)
class Fleet:
    """So many devices of one kind."""

    count: int
    device: DeviceKind

    @property
    def name(self) -> str:
        """As `--on` has it."""
        return f"{self.count}x{self.device.name}"


def parse_fleet(text: str) -> Fleet:
    """`8xH100`, or `H100` for one.

    Raises:
        BenchError: no such device, or a number that is none.
    """
    match = re.fullmatch(r"(?:(?P<count>[0-9]{1,9})x)?(?P<name>[A-Za-z][\w-]*)", text)
    names = {name.lower(): name for name in DEVICES}
    if match is None:
        raise BenchError(f"--on: expected a number and a device, as in 8xH100, got '{text}'")
    name, count = match["name"], int(match["count"] or 1)
    if name.lower() not in names:
        hint = suggestion(name, DEVICES)
        raise BenchError(f"--on: expected one of {', '.join(DEVICES)}, got '{name}'.{hint}")
    if not 1 <= count <= MOST_DEVICES:
        raise BenchError(f"--on: expected 1 to {MOST_DEVICES} devices, got {count}")
    return Fleet(count, DEVICES[names[name.lower()]])
