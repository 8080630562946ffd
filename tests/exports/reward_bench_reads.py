"""RewardBench's own reading of result files; run with the package's sources on the path, and nothing else of it.

`python reward_bench_reads.py RESULTS_FOLDER` prints one JSON object per row that the leaderboard's loader found, with
the sections' scores as its code weighs them. Sources: unpacked wheel of `rewardbench`; the package's other imports
(training and inference stacks of 2024) are not needed for reading and are left out.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType


def load(sources: Path, name: str) -> ModuleType:
    """One file of the package as a module, without the package's `__init__`."""
    spec = importlib.util.spec_from_file_location(name.replace("/", "."), sources / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(sources: str, results: str) -> None:
    """Read, weigh, print."""
    constants, utils = load(Path(sources), "rewardbench/constants"), load(Path(sources), "analysis/utils")
    frame = utils.load_results(results, subdir="eval-set/")
    rows = []
    for row in frame.to_dict("records"):
        sections = {}
        for section, subsets in constants.SUBSET_MAPPING.items():
            counts = {name: constants.EXAMPLE_COUNTS[name] for name in subsets if name in row}
            if counts:
                sections[section] = sum(row[name] * n for name, n in counts.items()) / sum(counts.values())
        rows.append({"model": row["model"], "model_type": row["model_type"], "sections": sections})
    sys.stdout.write(json.dumps(rows) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
