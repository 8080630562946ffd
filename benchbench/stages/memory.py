"""The most memory that one stage had, in a worker that runs many stages one after another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_PROCESS = Path("/proc/self")
"""What Linux says of this process; other systems have no such folder."""
_FORGET_PEAK = "5"
"""Written to `clear_refs`, it makes the largest resident set what is resident now (proc(5), since Linux 4.0)."""
UNKNOWN = (
    "not known: expected a system that forgets the largest resident set of a process when told "
    "(Linux, clear_refs), found none; what is known is the worker's peak over all its stages"
)


@dataclass(frozen=True)
class PeakMemory:
    """The most memory a stage had."""

    gib: float | None
    """Largest resident set of the process, or largest allocation on the GPU; none where it is not known."""
    note: str = ""
    """Why it is not known."""


@dataclass(frozen=True)
class MemoryWatch:
    """A watch over the memory of a stage, from `watch_memory` on."""

    device: str
    forgot: bool
    """Whether what the process had before is forgotten."""

    def peak(self) -> PeakMemory:
        """The most that there was since the watch began; never that of an earlier stage of the same process."""
        if self.device.startswith("cuda"):
            import torch

            return PeakMemory(torch.cuda.max_memory_allocated(self.device) / 2**30)
        resident = _largest_resident_gib() if self.forgot else None
        return PeakMemory(None, UNKNOWN) if resident is None else PeakMemory(resident)


def watch_memory(device: str) -> MemoryWatch:
    """Begin to watch the memory of this process: on the GPU where the stage runs on one, resident otherwise.

    Args:
        device: `cpu`, `cuda` or `cuda:N`.
    """
    if not device.startswith("cuda"):
        return MemoryWatch(device, forgot=_forget_largest_resident())
    import torch

    torch.cuda.init()  # the peak of a card that nothing has used yet cannot be reset
    torch.cuda.reset_peak_memory_stats(device)
    return MemoryWatch(device, forgot=True)


def _forget_largest_resident() -> bool:
    try:
        (_PROCESS / "clear_refs").write_text(_FORGET_PEAK, encoding="ascii")
    except OSError:  # another system, or not allowed here
        return False
    return True


def _largest_resident_gib() -> float | None:
    try:
        status = (_PROCESS / "status").read_text(encoding="utf-8")
    except OSError:
        return None
    line = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return None if line is None else int(line[1]) / 2**20
