"""What only a card can show, in under eight minutes: `python -m benchmarks.gpu gpu.json`.

Six measurements in the order in which each is worth making, and one check of the numbers. A part that fails or runs out
of its time is recorded with its error, and the next one runs. `--fake` runs every part on a processor in a toy's size,
with kernels that are written out, to see that nothing in them is broken; its numbers mean nothing.
"""

from __future__ import annotations

import argparse
import json
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu_parts import (
    attention_seconds,
    gemm_rates,
    golden_check,
    kernel_correctness,
    layer_seconds,
    profile_shares,
    training_rates,
)
from benchmarks.gpu_setup import PYTHIA_410M, TOY, Bench, OutOfTimeError, said

PARTS: Mapping[str, tuple[Callable[[Bench], Mapping[str, Any]], int]] = {
    "matrix products": (gemm_rates, 30),
    "varlen against masked float32": (kernel_correctness, 30),
    "attention kernels": (attention_seconds, 80),
    "compiled layers": (layer_seconds, 90),
    "profile of a step": (profile_shares, 30),
    "training": (training_rates, 170),
    "golden check": (golden_check, 30),
}
"""Name -> what it does, and the seconds it may take; 460 in all."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise where a block takes longer; a call into a compiler or a card is interrupted when it returns."""

    def ring(*unused: Any) -> None:
        raise OutOfTimeError(f"not done after {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def measure(bench: Bench, parts: Mapping[str, tuple[Callable[[Bench], Mapping[str, Any]], int]] = PARTS) -> Any:
    """Every part's numbers, or why it has none."""
    report = {}
    for name, (part, seconds) in parts.items():
        start = time.perf_counter()
        try:
            with at_most(seconds):
                report[name] = {"numbers": dict(part(bench))}
        except Exception as error:
            report[name] = {"failed": said(error)}
        report[name]["seconds"] = round(time.perf_counter() - start, 1)
        sys.stdout.write(f"{name}: {json.dumps(report[name])}\n")
        sys.stdout.flush()
    return report


def machine() -> dict[str, Any]:
    """The card, its driver, and versions."""
    found: dict[str, Any] = {"python": platform.python_version(), "cuda": torch.version.cuda}
    for name in ("torch", "transformers", "trl", "peft"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    if torch.cuda.is_available():
        found |= {"card": torch.cuda.get_device_name(), "capability": torch.cuda.get_device_capability()}
        query = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
        try:
            found["driver"] = subprocess.run(query, capture_output=True, text=True, timeout=10).stdout.strip()
        except (OSError, subprocess.TimeoutExpired):
            found["driver"] = None
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Write one JSON file; 2 where there is no card, 1 where a part failed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("out", type=Path, help="JSON file to write")
    parser.add_argument("--fake", action="store_true", help="run every part on the processor, in a toy's size")
    options = parser.parse_args(arguments)
    if not options.fake and not torch.cuda.is_available():
        sys.stderr.write("benchmarks.gpu: expected a CUDA card, found none; --fake runs the parts on the processor\n")
        return 2
    if options.fake:
        bench = Bench(TOY, torch.device("cpu"), torch.float32, fake=True)
    else:
        bench = Bench(PYTHIA_410M, torch.device("cuda:0"), torch.bfloat16, fake=False)
    parts = measure(bench)
    report = {"fake": options.fake, "machine": machine(), "size": vars(bench.size), "parts": parts}
    options.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 1 if any("failed" in part for part in parts.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
