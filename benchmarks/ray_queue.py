"""`python -m benchmarks.ray_queue results/performance/ray.json`: a grid on Ray that is killed and stopped.

Four methods and three seeds of the micro setting run on the local queue, then on a Ray cluster of this machine. There
an actor is killed in a preference stage, and the others go on; in another such stage the command is asked to stop, in
one more, after the same command again, it is killed; the same command then finishes the grid. What is stored: how long
each part took, how often each stage ran, and which fields of which files are not those of the local queue.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.children import ROOT
from benchmarks.machine import cores_of_others, hardware, versions
from benchmarks.ray_differences import unlike_files

METHODS, SEEDS = ("dpo", "simpo", "ipo", "cpo"), ("1", "2", "3")
WAIT_SECONDS = 600


def grid_line(methods: Sequence[str], seeds: Sequence[str], steps: int = 60) -> tuple[str, ...]:
    """A grid of the micro setting whose trainings are long enough to be killed, two stages at a time."""
    return (
        *("compare", *methods, "--setting", str(ROOT / "tests" / "micro.yaml"), "--seeds", *seeds, "--pairs-only"),
        *("--set", f"preference.max_steps={steps}", "--set", "preference.save_steps=5"),
        *("--workers", "2", "--device", "cpu"),
    )


def bench(folder: Path, executor: str) -> subprocess.Popen[str]:
    """The command, in a folder of its own."""
    line = [str(Path(sys.executable).with_name("bench")), *grid_line(METHODS, SEEDS), "--executor", executor]
    log = (folder / f"{executor}.log").open("a", encoding="utf-8")
    return subprocess.Popen(line, cwd=folder, stdout=log, stderr=log, text=True)


def until(condition: Callable[[], Any], process: subprocess.Popen[Any] | None = None) -> Any:
    """What a condition comes to, once it comes to anything.

    Raises:
        TimeoutError: it came to nothing, or the process ended before.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline and (process is None or process.poll() is None):
        if value := condition():
            return value
        time.sleep(0.05)
    raise TimeoutError("it did not come to this")


def records(runs: Path) -> dict[str, dict[str, Any]]:
    """Key -> record of every stage that has one."""
    paths = runs.glob("*/*/status.json")
    return {f"{path.parent.parent.name}/{path.parent.name}": json.loads(path.read_text()) for path in paths}


def trained_at_present(runs: Path) -> tuple[str, int] | None:
    """(key, process id) of a preference stage that runs and has a checkpoint."""
    for key, record in records(runs).items():
        if key.startswith("preference/") and record["status"] == "running" and list((runs / key).glob("checkpoint/s*")):
            lease = json.loads((runs / "leases" / key.replace("/", "-")).read_text())
            return key, int(lease["owner"]["process"])
    return None


def parent_of(process: int) -> int:
    """Process id of a process's parent."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def below(process: int) -> list[int]:
    """Process ids of everything that a process has started, and these in turn."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(path.name)] = parent_of(int(path.name))
        except OSError:
            continue
    found, last = list[int](), [process]
    while last := [child for child, parent in parents.items() if parent in last]:
        found += last
    return found


def alive(processes: list[int]) -> list[int]:
    """Those that have not ended."""
    living: list[int] = []
    for process in processes:
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                living.append(process)
        except OSError:
            continue
    return living


def measured(folder: Path) -> dict[str, Any]:
    """Run both, and kill what is to be killed.

    Args:
        folder: empty, for both runs.
    """
    local, cluster = folder / "local", folder / "ray"
    local.mkdir()
    cluster.mkdir()
    began = time.monotonic()
    if bench(local, "local").wait() != 0:
        raise RuntimeError((local / "local.log").read_text()[-2000:])
    seconds = {"local queue, whole grid": time.monotonic() - began}

    began, runs, driver = time.monotonic(), cluster / "runs", bench(cluster, "ray")
    until(lambda: "done" in {record["status"] for record in records(runs).values()}, driver)
    seconds["Ray, until the first stage is done"] = time.monotonic() - began
    lost, worker = until(lambda: trained_at_present(runs), driver)
    os.kill(parent_of(worker), signal.SIGKILL)
    killed_at = time.monotonic()
    until(lambda: not alive([worker]))
    seconds["actor killed, until its worker has ended"] = time.monotonic() - killed_at
    position = sorted(path.name for path in (runs / lost / "checkpoint").iterdir())

    asked = _ended_by(signal.SIGTERM, driver, runs, {lost})
    seconds["asked to stop, until a stage has its checkpoint"] = asked.checkpoint
    seconds["asked to stop, until the command has ended"] = asked.command
    driver = bench(cluster, "ray")
    killed = _ended_by(signal.SIGKILL, driver, runs, {lost, asked.stage})
    seconds["driver killed, until all that it started has ended"] = killed.processes
    before = records(runs)

    began = time.monotonic()
    again = bench(cluster, "ray")
    if again.wait() != 0:
        raise RuntimeError((cluster / "ray.log").read_text()[-2000:])
    seconds["Ray, the same command again to the end"] = time.monotonic() - began
    after = records(runs)
    done_before = [key for key, record in before.items() if record["status"] == "done"]
    tables = [folder / "results" / "micro" for folder in (local, cluster)]
    return {
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "stages": len(after),
        "stages of the local queue": len(records(local / "runs")),
        "done": sum(record["status"] == "done" for record in after.values()),
        "done when the driver was killed": len(done_before),
        "done again": [key for key in done_before if after[key] != before[key]],
        "attempts": {str(count): _kinds(after, count) for count in sorted({r["attempts"] for r in after.values()})},
        "killed": [lost, killed.stage],
        "asked to stop": asked.stage,
        "exit code of the command that was asked to stop": asked.exit_code,
        "checkpoint of the killed actor's stage": position,
        "files of the tables": sorted({path.name for path in tables[0].rglob("*") if path.is_file()}),
        "fields that differ": unlike_files(*tables),
        "executors": sorted({str(record["environment"]["executor"]) for record in after.values()}),
    }


def _kinds(every: dict[str, dict[str, Any]], count: int) -> int:
    return sum(record["attempts"] == count for record in every.values())


@dataclass(frozen=True)
class _Ended:
    """A command that got a signal while a stage trained."""

    stage: str
    checkpoint: float
    """Seconds until the stage's record was no longer `running`; those until all had ended, where it stayed so."""
    command: float
    processes: float
    """Seconds until everything that the command had started was gone."""
    exit_code: int


def _ended_by(sent: signal.Signals, driver: subprocess.Popen[str], runs: Path, before: set[str]) -> _Ended:
    """Send a signal to the command once a preference stage trains that is none of those before."""

    def another() -> str | None:
        trained = trained_at_present(runs)
        return None if trained is None or trained[0] in before else trained[0]

    stage = until(another, driver)
    processes = below(driver.pid)
    driver.send_signal(sent)
    began, checkpoint, command = time.monotonic(), 0.0, 0.0
    while not command or alive(processes):
        if not checkpoint and records(runs)[stage]["status"] != "running":
            checkpoint = time.monotonic() - began
        if not command and driver.poll() is not None:
            command = time.monotonic() - began
        if time.monotonic() - began > WAIT_SECONDS:
            raise TimeoutError("it did not end")
        time.sleep(0.05)
    ended = time.monotonic() - began
    return _Ended(stage, checkpoint or ended, command, ended, driver.wait())


def main() -> None:
    """Measure, and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    path = parser.parse_args().path
    others = cores_of_others()
    with tempfile.TemporaryDirectory(prefix="ray-queue-") as folder:
        values = measured(Path(folder))
    from importlib.metadata import version

    known = {"date": datetime.now(UTC).date().isoformat(), "hardware": hardware(), "cores_of_others": others}
    known |= {"versions": {**versions(), "ray": version("ray")}, **values}
    before = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known |= {"hosts": before["hosts"]} if "hosts" in before else {}  # of `benchmarks.ray_hosts`
    path.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
