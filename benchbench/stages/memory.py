"""The most memory that one stage had, in a worker that runs many stages one after another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from benchbench.core.errors import BenchError, ExitCode

_PROCESS = Path("/proc/self")
"""What Linux says of this process; other systems have no such folder."""
_FORGET_PEAK = "5"
"""Written to `clear_refs`, it makes the largest resident set what is resident now (proc(5), since Linux 4.0)."""
UNKNOWN = (
    "not known: expected a system that forgets the largest resident set of a process when told "
    "(Linux, clear_refs), found none; what is known is the worker's peak over all its stages"
)

CONTEXT_BYTES = 600 * 2**20
"""What a process has of a card besides its tensors: CUDA's context and the libraries' code, 0.3 to 0.6 GiB."""


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


_limited: set[str] = set()
"""Cards of which tensors of this process once had a part."""


def limit_memory(device: str, share: float) -> None:
    """Let tensors of this process have so much of a card from now on; more runs out of memory, as on a smaller card.

    Args:
        device: `cpu`, which has no such limit, or `cuda:N`.
        share: part of the card, in (0, 1].

    Raises:
        BenchError: the part has no room for a process.
    """
    if not device.startswith("cuda") or (share >= 1 and device not in _limited):
        return
    import torch

    total = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(tensor_fraction(share, total, device), device)
    _limited.add(device)


def tensor_fraction(share: float, total_bytes: int, device: str) -> float:
    """Part of a card's memory that tensors of a process may have, which has a share of it in all; 1 for a whole card.

    Raises:
        BenchError: nothing would be left for tensors.
    """
    if share >= 1:
        return 1.0
    fraction = share - CONTEXT_BYTES / total_bytes
    if fraction <= 0:
        raise BenchError(
            f"--device-share {share:g}: expected a part with more than {CONTEXT_BYTES / 2**30:.1f} GiB, which each "
            f"process needs before any tensor, found {device} with {total_bytes / 2**30:.1f} GiB in all; give larger "
            "parts",
            exit_code=ExitCode.USAGE,
        )
    return fraction


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
