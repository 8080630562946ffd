"""Start-up: what a command costs before it does anything, in a process of its own each time."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.children import ROOT
from benchmarks.machine import Elapsed, clean_environment, other_cores, read_load
from benchmarks.sections import Result

BENCH = str(Path(sys.executable).with_name("bench"))
ROUNDS = 5
WORKER = """
from benchbench.core.imports import without_collection
from benchbench.run.worker import begin_process
begin_process("cpu", 1)
with without_collection():
    import benchbench.stages.execute, benchbench.stages.preference.run
"""
"""What a worker process does before its first stage."""
COMMANDS: Mapping[str, Sequence[str]] = {
    "python": (sys.executable, "-c", "pass"),
    "bench --help": (BENCH, "--help"),
    "a worker's imports": (sys.executable, "-c", WORKER),
    "imports of transformers": (sys.executable, "-c", "from transformers import GPTNeoXForCausalLM"),
    "imports of TRL": (sys.executable, "-c", "from trl import DPOTrainer"),
}
"""Name -> command line."""


def timed(words: Sequence[str]) -> Elapsed:
    """Run a command to its end; what it and its own processes used.

    Raises:
        RuntimeError: it failed; the message has the end of what it said.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = clean_environment(os.environ) | {"PYTHONPATH": path}
    before, begin = os.times(), time.perf_counter()
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    after = os.times()
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Elapsed(cpu, time.perf_counter() - begin)


def measure(*, quick: bool) -> Result:
    """Every command in turn, several times."""
    before = read_load()
    rounds: dict[str, list[Elapsed]] = {name: [] for name in COMMANDS}
    for _ in range(1 if quick else ROUNDS):
        for name, words in COMMANDS.items():
            rounds[name].append(timed(words))
    table = {
        name: {
            "CPU seconds": statistics.median(elapsed.cpu_seconds for elapsed in times),
            "seconds": statistics.median(elapsed.wall_seconds for elapsed in times),
        }
        for name, times in rounds.items()
    }
    return Result("Start-up, with compiled bytecode", table, {}, other_cores(before, read_load()))
