"""A grid of methods and seeds in one command, beside the sum of its cells run one at a time.

The cells' own sum is of the seconds that their stages took in the grid: what a cell alone would have run, which
includes what it shares with others.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchbench.commands.resolve import resolve_all
from benchbench.commands.run_plan import RunOptions, open_session
from benchbench.recipe.overrides import parse_overrides
from benchmarks.machine import Elapsed, other_cores, read_load
from benchmarks.sections import Result
from benchmarks.startup import BENCH, timed

METHODS = ("dpo", "simpo", "ipo", "ddo_rm", "ddo_rm@released")
SEEDS = ("42", "13", "3407")
SMALLER = ("data.options.demonstrations=1500", "data.options.preference_prompts=375")
"""The embedded setting at an eighth of its size, so that every stage keeps its share."""
TINIEST = ("data.options.demonstrations=64", "data.options.preference_prompts=24")


def measure(*, quick: bool) -> Result:
    """Run the grid, then once more with everything finished."""
    targets, seeds = (METHODS[:2], SEEDS[:2]) if quick else (METHODS, SEEDS)
    overrides = TINIEST if quick else SMALLER
    with tempfile.TemporaryDirectory() as name:
        folders = ["--runs", f"{name}/runs", "--results", f"{name}/results"]
        sets = [word for text in overrides for word in ("--set", text)]
        line = [BENCH, "compare", *targets, "--seeds", *seeds, *sets, "--pairs-only", "--device", "cpu", *folders]
        before = read_load()
        first, second = timed(line), timed(line)
        load = other_cores(before, read_load())
        shared, alone, cells = stage_seconds(targets, seeds, overrides, Path(name))
    return Result(
        what=f"{len(targets)} methods and {len(seeds)} seeds of the embedded setting at an eighth of its size, "
        "trained and scored on pairs",
        table={
            "the grid": _row(first),
            "the same again, all stages finished": _row(second),
        },
        facts={
            "seconds of the grid's stages": shared,
            "seconds of its cells' stages, each cell alone": alone,
            "the grid, its cells alone 1": shared / alone,
            "the grid, its cells alone and a start each 1": (shared + second.wall_seconds)
            / (alone + cells * second.wall_seconds),
        },
        other_cores=load,
    )


def _row(elapsed: Elapsed) -> dict[str, float]:
    return {"CPU seconds": elapsed.cpu_seconds, "seconds": elapsed.wall_seconds}


def stage_seconds(
    targets: Sequence[str], seeds: Sequence[str], overrides: Sequence[str], folder: Path
) -> tuple[float, float, int]:
    """Seconds of a finished grid's stages, of those its cells would have run alone, and the number of cells."""
    options = RunOptions(runs=folder / "runs", results=folder / "results")
    loaded = resolve_all(targets, setting=None, overrides=parse_overrides(overrides))
    session = open_session(loaded, [int(seed) for seed in seeds], options)
    seconds = {key: record.seconds for key in session.plan.stages if (record := options.store.record(key)) is not None}
    alone = [sum(seconds[key] for key in session.plan.closure(cell)) for cell in session.cells]
    return sum(seconds.values()), sum(alone), len(alone)
