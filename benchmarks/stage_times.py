"""`python -m benchmarks.stage_times results/performance/stage_times.json RUNS TARGET ... --seeds ...`: predicted times.

Of every finished stage in a `runs/` folder, what `bench plan --on cpu` would have said before it ran, if all the others
had: the rates are those of the others. Nothing runs, and nothing is written to the folder.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import hardware


@dataclass(frozen=True)
class TimedStage:
    """One stage, as it was and as it was computed."""

    kind: str
    title: str
    numerics: str
    measured_seconds: float
    computed_seconds: float
    """At the rates of the others."""


def timed_stages(runs: Path, targets: Sequence[str], seeds: Sequence[str], setting: str | None) -> list[TimedStage]:
    """Every finished stage of a plan whose time others say."""
    from benchbench.commands.costs.run import costs_of, ran_stages
    from benchbench.commands.resolve import common_seeds, parse_seeds, resolve_all
    from benchbench.commands.run_plan import RunOptions, open_session
    from benchbench.cost.devices import parse_fleet
    from benchbench.cost.rates import measured_rate, separated

    loaded = resolve_all(targets, setting=setting, overrides=[])
    options = RunOptions("cpu", runs=runs, dry_run=True)
    session = open_session(loaded, common_seeds(loaded, parse_seeds(seeds)), options, with_samples=True)
    costs = costs_of(session, "cpu")
    ran = ran_stages(costs.values(), session, parse_fleet("cpu"))
    timed: list[TimedStage] = []
    for key, stage in ran.items():
        others = separated(each for other, each in ran.items() if other != key)
        rates = {of: measured_rate(of, others) for of in stage.work}
        seconds = [work / rate.low for of, work in stage.work.items() if (rate := rates[of]) is not None]
        if len(seconds) == len(rates) and sum(seconds) > 0:
            cost = costs[key]
            timed.append(TimedStage(cost.kind, cost.title, cost.numerics, stage.seconds, sum(seconds)))
    return timed


def main() -> None:
    """Compute, and write the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stage_times", description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("runs", type=Path)
    parser.add_argument("targets", nargs="+")
    parser.add_argument("--seeds", nargs="+", required=True)
    parser.add_argument("--setting")
    chosen = parser.parse_args()
    stages = timed_stages(chosen.runs, chosen.targets, chosen.seeds, chosen.setting)
    about: dict[str, Any] = {"hardware": hardware(), "targets": chosen.targets, "seeds": chosen.seeds}
    about["setting"] = chosen.setting
    chosen.file.write_text(json.dumps(about | {"stages": [asdict(each) for each in stages]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
