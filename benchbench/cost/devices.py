"""Devices that a plan may be made for: rates as their makers state them, memory as drivers report it.

Nothing here was measured with this package.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from benchbench.core.errors import BenchError, suggestion
from benchbench.cost.activations import Numerics

NVIDIA = "https://www.nvidia.com/en-us/data-center"
USABLE = 0.94
"""Share of a card's memory that a process can have, beside what the driver and the libraries take."""
MOST_DEVICES = 4096


@dataclass(frozen=True)
class DeviceKind:
    """One kind of device, as stated."""

    name: str
    memory_gib: float | None
    """As nvidia-smi reports it, which is less than the card is sold with; none of a processor."""
    flops_per_second: float | None
    """Dense bfloat16 products with float32 sums; the makers' figures with sparsity are halved."""
    float32_flops_per_second: float | None
    """Products in float32, without TF32, which torch leaves off."""
    bytes_per_second: float | None
    """Of its own memory."""
    link_bytes_per_second: float | None
    """To the other devices of its host, in one direction; none where they share no fast link."""
    source: str
    """Who states the rates."""
    driver_names: tuple[str, ...] = ()
    """As torch and nvidia-smi name it; another form factor or memory is another device."""

    def flops_of(self, numerics: Numerics) -> float | None:
        """The stated rate of products in these numbers; none where it is not stated."""
        return self.float32_flops_per_second if numerics == "float32" else self.flops_per_second

    @property
    def usable_bytes(self) -> float | None:
        """Memory that a stage may have; none where it is not stated."""
        return None if self.memory_gib is None else self.memory_gib * 2**30 * USABLE


def _card(
    name: str, driver_name: str, gib: float, tera: tuple[float, float], memory: float, link: float | None
) -> DeviceKind:
    """A card, in GiB and the units of data sheets: TFLOP/s in bfloat16 and in float32, TB/s, GB/s."""
    return DeviceKind(
        name,
        gib,
        tera[0] * 1e12,
        tera[1] * 1e12,
        memory * 1e12,
        None if link is None else link * 1e9,
        f"{NVIDIA}/{name.partition('-')[0].lower()}",
        (driver_name,),
    )


DEVICES: Mapping[str, DeviceKind] = {
    device.name: device
    for device in (
        _card("A100-40GB", "NVIDIA A100-SXM4-40GB", 39.6, (312, 19.5), 1.555, 300),
        _card("A100-80GB", "NVIDIA A100-SXM4-80GB", 79.3, (312, 19.5), 2.039, 300),
        _card("L40S", "NVIDIA L40S", 45.0, (362, 91.6), 0.864, None),
        _card("H100", "NVIDIA H100 80GB HBM3", 79.6, (989, 67), 3.35, 450),
        _card("H200", "NVIDIA H200", 140.4, (989, 67), 4.8, 450),
        DeviceKind("cpu", None, None, None, None, None, "nobody states it; what stages took on this machine is read"),
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
