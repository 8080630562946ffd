"""What writing and checking hashes costs beside the stages that write and read: `python -m benchmarks.integrity SIZE`.

Every stage of a recipe is run here as a worker runs it, one thread. Then what it did for its hashes is done again by
itself: its files are hashed, as when it ended; and all that it reads is checked, once when no hash is kept of any file,
as after a copy, and once more.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.children import ROOT, answer_of
from benchmarks.machine import clock, other_cores, read_load
from benchmarks.sections import Result

CASES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "micro": (str(ROOT / "tests" / "micro.yaml"), ()),
    "tiny": ("tiny", ("judge=null", "generate=null")),
}
"""Name -> setting, and what is left out of it; a DPO recipe of each is run."""
SMALLER = ("data.options.demonstrations=64", "data.options.preference_prompts=24")
ROUNDS = 5
SEED = 42
WRITTEN, FIRST, AGAIN = "hashes written, share", "all read checked, share", "checked again, share"
SECONDS = "stage, CPU seconds"


@dataclass(frozen=True)
class Costs:
    """CPU-seconds of one stage, and of what its hashes take."""

    stage: float
    written: float
    first: float
    again: float
    mib: float
    """Size of the files that it left."""

    def row(self) -> dict[str, float]:
        """Columns of the table; a share is of the stage's own time."""
        shares = {WRITTEN: self.written, FIRST: self.first, AGAIN: self.again}
        return {
            SECONDS: self.stage,
            "files, MiB": self.mib,
            **{name: seconds / self.stage for name, seconds in shares.items()},
        }


def measure(*, quick: bool) -> Result:
    """All stages of both settings, in a process of their own."""
    before = read_load()
    table = answer_of("benchmarks.integrity", "quick" if quick else "full")
    what = "Hashes written and checked beside the CPU-seconds of the stage that does it, one thread"
    return Result(what, table, largest(table), other_cores(before, read_load()))


def largest(table: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The most that any stage of a setting spends on hashes, as a share of its time; 0.02 is the aim."""
    facts: dict[str, float] = {}
    for case in dict.fromkeys(name.partition(",")[0] for name in table):
        rows = [row for name, row in table.items() if name.partition(",")[0] == case]
        facts[f"{case}, largest share, first check"] = max(row[WRITTEN] + row[FIRST] for row in rows)
        facts[f"{case}, largest share, checked again"] = max(row[WRITTEN] + row[AGAIN] for row in rows)
    return facts


def costs_of(setting: str, sets: tuple[str, ...], place: Path) -> dict[str, Costs]:
    """Title of a stage -> what it and its hashes took, of every stage of the recipe."""
    from benchbench import inputs
    from benchbench.commands.resolve import resolve
    from benchbench.commands.run_plan import RunOptions, open_session
    from benchbench.recipe.overrides import parse_overrides
    from benchbench.stages.execute import execute
    from benchbench.store.contents import contents
    from benchbench.store.file_hashes import SETTLED_SECONDS, kept_hash

    options = RunOptions("cpu", runs=place / "runs")
    session = open_session([resolve("dpo", setting=setting, overrides=parse_overrides(sets))], [SEED], options)
    store, seconds = options.store, dict[str, float]()
    for key, spec in session.plan.stages.items():
        with clock() as elapsed:
            record = execute(spec, store, device="cpu", input_of=inputs.get)
        if record.status != "done":
            raise RuntimeError(record.message)
        seconds[key] = elapsed.cpu_seconds
    time.sleep(SETTLED_SECONDS + 0.5)  # hashes of fresher files are not kept
    data = sorted(session.prepared[0].data.folder.glob("*.jsonl"))

    def check(keys: tuple[str, ...]) -> None:
        """Everything that a stage reads: the stages before it, and prepared data."""
        if faults := [fault for key in keys for fault in store.faults(key)]:
            raise RuntimeError("; ".join(faults))
        for path in data:
            kept_hash(path, store.root)

    def forget() -> None:
        shutil.rmtree(store.root / "hashes", ignore_errors=True)

    costs: dict[str, Costs] = {}
    for key, spec in session.plan.stages.items():
        folder, read = store.folder(key), tuple(spec.inputs.values())
        costs[spec.title] = Costs(
            stage=seconds[key],
            written=_median(lambda folder=folder: contents(folder)),
            first=_median(lambda read=read: check(read), before=forget),
            again=_median(lambda read=read: check(read)),
            mib=sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20,
        )
    return costs


def _median(work: Callable[[], Any], before: Callable[[], None] = lambda: None) -> float:
    rounds = []
    for _ in range(ROUNDS):
        before()
        with clock() as elapsed:
            work()
        rounds.append(elapsed.cpu_seconds)
    return statistics.median(rounds)


def main(size: str) -> None:
    """Measure both settings and print the rows."""
    import torch

    torch.set_num_threads(1)
    table: dict[str, Any] = {}
    cases = dict(list(CASES.items())[:1]) if size == "quick" else CASES
    for case, (setting, sets) in cases.items():
        with tempfile.TemporaryDirectory() as place:
            smaller = SMALLER if size == "quick" else ()
            for title, costs in costs_of(setting, (*sets, *smaller), Path(place)).items():
                table[f"{case}, {title}"] = costs.row()
    sys.stdout.write(json.dumps(table) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
