"""`python -m benchmarks.ray_hosts results/performance/ray.json`: a grid on a Ray cluster of two hosts, as namespaces.

Each host has a network, a name and process numbers of its own, and both see one folder. An actor is killed in a
preference stage, then its whole host, then the driver of the command on the other one; the lost host comes back, and
the same command finishes the grid on both. What is stored, under `hosts`: how often each stage ran, where, and which
fields of which files are not those of the local queue. It takes a user who may make namespaces.
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
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchbench.run.ray import ADDRESS
from benchbench.run.ray_cluster import _QUIET
from benchmarks.machine import cores_of_others, hardware, versions
from benchmarks.ray_differences import unlike_files
from benchmarks.ray_queue import METHODS, SEEDS, WAIT_SECONDS, grid_line, records, until

HEAD, OTHER, PORT = "10.77.0.1", "10.77.0.2", 6399
STEPS = 600
"""Of each training, which has to last longer than an actor takes to start, or none is left to be killed."""
START_ATTEMPTS = 10
"""Of a node, which Ray ends where it took 30 seconds to start."""
AS_A_HOST = 'hostname "$1" && mkdir -p /tmp/ray && mount -t tmpfs tmpfs /tmp/ray && shift && exec "$@"'
"""A host has a name and Ray's own folder to itself; everything else on disk is shared."""
KILL_PARENT = "kill -9 $(sed -n 's/^PPid:[^0-9]*//p' /proc/$1/status)"


def may_make_hosts() -> bool:
    """Whether this user may make namespaces here."""
    words = ["unshare", "--net", "--uts", "--mount", "--pid", "--fork", "ip", "link", "add", "bench0", "type", "veth"]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


class Host:
    """Namespaces in which a node of the cluster runs."""

    def __init__(self, name: str, address: str, folder: Path, variables: Mapping[str, str]) -> None:
        """Nothing starts yet.

        Args:
            name: of the host, and of its network's namespace.
            address: on the cable.
            folder: where the command works, and logs go.
            variables: that its processes see.
        """
        self.name, self.address, self.folder, self.variables = name, address, folder, variables
        self.node: subprocess.Popen[bytes] | None = None

    def up(self, *more: str) -> None:
        """Have a node run here; Ray gives one 30 seconds to start, too few on a busy machine, so several are tried.

        Raises:
            TimeoutError: none does.
        """
        for _ in range(START_ATTEMPTS):
            log = self._start(*more)
            deadline = time.monotonic() + WAIT_SECONDS
            while self.node is not None and self.node.poll() is None and time.monotonic() < deadline:
                if b"Ray runtime started" in log.read_bytes():
                    return
                time.sleep(0.2)
        raise TimeoutError(f"no node on {self.name}")

    def _start(self, *more: str) -> Path:
        """Start a node; what it prints goes into the file."""
        words = ["ip", "netns", "exec", self.name, "unshare", "--uts", "--mount", "--pid", "--fork", "--kill-child"]
        words += ["--mount-proc", "sh", "-c", AS_A_HOST, "sh", self.name, sys.executable, "-m", "ray.scripts.scripts"]
        words += ["start", "--block", "--disable-usage-stats", f"--node-ip-address={self.address}", "--num-cpus=1"]
        words += ["--object-store-memory=104857600", *more]
        log = self.folder / f"{self.name}.log"
        self.node = subprocess.Popen(words, stdout=log.open("wb"), stderr=subprocess.STDOUT, env=self.variables)
        return log

    def down(self) -> None:
        """End everything that runs here, at once."""
        if self.node is not None:
            self.node.kill()
            self.node.wait()

    def kill_actor(self, runs: Path, key: str) -> None:
        """Kill the actor whose worker process runs a stage here."""
        worker = json.loads((runs / "leases" / key.replace("/", "-")).read_text())["owner"]["process"]
        subprocess.run([*self._inside(), "sh", "-c", KILL_PARENT, "sh", str(worker)], check=True)

    def command(self, line: Sequence[str]) -> subprocess.Popen[bytes]:
        """A command of `bench`, on this host."""
        # a working folder from outside would be on another mount
        inside = [*self._inside(), "sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(self.folder)]
        log = (self.folder / "command.log").open("ab")
        bench = str(Path(sys.executable).with_name("bench"))
        words = [*inside, bench, *line, "--executor", "ray"]
        return subprocess.Popen(words, stdout=log, stderr=log, env=self.variables)

    def _inside(self) -> list[str]:
        assert self.node is not None, "a node runs here"
        first = Path(f"/proc/{self.node.pid}/task/{self.node.pid}/children").read_text().split()[0]
        return ["nsenter", "-t", first, "--net", "--uts", "--mount", "--pid"]


@contextmanager
def network(*hosts: Host) -> Iterator[None]:
    """A cable between two hosts."""

    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True)

    first, second = hosts
    for host in hosts:
        ip("netns", "add", host.name)
    try:
        ip("link", "add", "bench0", "netns", first.name, "type", "veth", "peer", "bench0", "netns", second.name)
        for host in hosts:
            ip("-n", host.name, "addr", "add", f"{host.address}/24", "dev", "bench0")
            ip("-n", host.name, "link", "set", "bench0", "up")
            ip("-n", host.name, "link", "set", "lo", "up")
            ip("-n", host.name, "route", "add", "default", "dev", "bench0")  # else Ray takes 127.0.0.1 for its address
        yield
    finally:
        for host in hosts:
            host.down()
            ip("netns", "del", host.name)


def training_on(runs: Path, host: str, *, beside: Sequence[str] = ()) -> str | None:
    """Key of a preference stage that runs on a host and has a checkpoint, and is none of those beside."""
    for key, record in records(runs).items():
        is_there = record["status"] == "running" and record["environment"].get("host") == host
        has_checkpoint = bool(list((runs / key).glob("checkpoint/s*")))
        if key.startswith("preference/") and key not in beside and is_there and has_checkpoint:
            return key
    return None


def measured(folder: Path, line: Sequence[str]) -> dict[str, Any]:
    """Run a grid on the local queue, then on two hosts, and kill there what is to be killed.

    Args:
        folder: empty, for both runs.
        line: the grid's command.
    """
    local, cluster = folder / "local", folder / "cluster"
    for each in (local, cluster):
        each.mkdir()
    bench = str(Path(sys.executable).with_name("bench"))
    subprocess.run([bench, *line], cwd=local, check=True, capture_output=True)
    (folder / "token").write_text("0123456789abcdef" * 4)
    variables = {**os.environ, **_QUIET, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(folder / "token")}
    variables |= {ADDRESS: f"{HEAD}:{PORT}"}
    names = [f"bench-{os.getpid()}-{letter}" for letter in "ab"]
    first, second = (Host(name, each, cluster, variables) for name, each in zip(names, (HEAD, OTHER), strict=True))
    runs = cluster / "runs"
    with network(first, second):
        first.up("--head", f"--port={PORT}", "--include-dashboard=false")
        second.up(f"--address={first.address}:{PORT}")
        driver = first.command(line)
        of_actor = until(lambda: training_on(runs, second.name), driver)
        second.kill_actor(runs, of_actor)
        of_host = until(lambda: training_on(runs, second.name, beside=(of_actor,)), driver)
        second.down()
        of_driver = until(lambda: training_on(runs, first.name, beside=(of_actor, of_host)), driver)
        before = records(runs)
        _kill_with_children(driver)
        second.up(f"--address={first.address}:{PORT}")
        if first.command(line).wait(3 * WAIT_SECONDS) != 0:
            raise RuntimeError((cluster / "command.log").read_text()[-2000:])
    after = records(runs)
    places = Counter(names.index(record["environment"]["host"]) + 1 for record in after.values())
    attempts = Counter(record["attempts"] for record in after.values())
    done_before = [key for key, record in before.items() if record["status"] == "done"]
    tables = [place / "results" / "micro" for place in (local, cluster)]
    return {
        "stages": len(after),
        "stages of the local queue": len(records(local / "runs")),
        "done": sum(record["status"] == "done" for record in after.values()),
        "done when the driver was killed": len(done_before),
        "done again": [key for key in done_before if after[key] != before[key]],
        "killed": {"with its actor": of_actor, "with its host": of_host, "with the driver": of_driver},
        "attempts of those killed": [after[key]["attempts"] for key in (of_actor, of_host, of_driver)],
        "attempts": {str(count): attempts[count] for count in sorted(attempts)},
        "stages that ended on each host": {str(number): places[number] for number in sorted(places)},
        "files of the tables": sorted({path.name for path in tables[0].rglob("*") if path.is_file()}),
        "fields that differ": unlike_files(*tables),
    }


def _kill_with_children(driver: subprocess.Popen[bytes]) -> None:
    children = Path(f"/proc/{driver.pid}/task/{driver.pid}/children").read_text().split()
    for process in [*map(int, children), driver.pid]:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    driver.wait()


def main() -> None:
    """Measure, and write it into the file beside what one host showed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ray_hosts", description=__doc__)
    parser.add_argument("path", type=Path)
    path = parser.parse_args().path
    from importlib.metadata import version

    about = {"date": datetime.now(UTC).date().isoformat(), "hardware": hardware(), "cores_of_others": cores_of_others()}
    about |= {"versions": {**versions(), "ray": version("ray")}, "steps": STEPS}
    with tempfile.TemporaryDirectory(prefix="ray-hosts-") as folder:
        about |= measured(Path(folder), grid_line(METHODS, SEEDS, STEPS))
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps(known | {"hosts": about}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
