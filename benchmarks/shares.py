"""`python -m benchmarks.shares MIX fp32|bf16 full|quick`: where the time of an epoch goes, by kind of operation.

One epoch of benchbench's loop under torch's profiler, one thread, the reference pass included.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks.mixes import MIXES, scaled_down
from benchmarks.ours import Training

KINDS: Mapping[str, tuple[str, ...]] = {
    "matrix products": ("mm", "linear"),
    "attention": ("attention",),
    "optimizer and clipping": ("adam", "foreach", "vector_norm"),
    "softmax of the head": ("log_softmax",),
    "normalisation and activation": ("layer_norm", "gelu"),
    "copies, casts, indexing": (
        "copy",
        "cat",
        "index",
        "clone",
        "gather",
        "masked",
        "scatter",
        "fill",
        "zero",
        "select",
    ),
    "arithmetic": ("add", "mul", "sum", "neg", "sub", "div", "sigmoid", "cos", "sin"),
}
"""Kind -> parts of the names of torch's operations; the first kind that fits counts."""
BETWEEN = "Python, dispatch, all else"


def kind_of(operation: str) -> str:
    """The kind of one event of the profiler."""
    if not operation.startswith("aten::"):
        return BETWEEN
    return next((kind for kind, parts in KINDS.items() if any(part in operation for part in parts)), BETWEEN)


def shares_of(name: str, *, bf16: bool = False, quick: bool = False) -> dict[str, float]:
    """Kind of operation -> share of the time of an epoch of a mix."""
    torch.set_num_threads(1)
    training = Training(scaled_down(MIXES[name]) if quick else MIXES[name], bf16=bf16)
    training()  # what is only done once
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        training()
    micros: dict[str, float] = defaultdict(float)
    for event in profiler.key_averages():
        micros[kind_of(event.key)] += event.self_cpu_time_total
    whole = sum(micros.values())
    return {kind: micros[kind] / whole for kind in (*KINDS, BETWEEN)}


if __name__ == "__main__":
    mix, precision, size = sys.argv[1:]
    sys.stdout.write(json.dumps(shares_of(mix, bf16=precision == "bf16", quick=size == "quick")) + "\n")
