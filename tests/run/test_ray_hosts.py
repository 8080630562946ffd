"""A Ray cluster of two hosts with networks, names and processes of their own and one folder: host and driver killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from harness import ROOT

from benchbench.run.ray import ADDRESS
from benchbench.run.ray_cluster import _QUIET, START_ATTEMPTS
from benchmarks.ray_differences import beyond_circumstances, unlike_files
from benchmarks.ray_queue import WAIT_SECONDS, records, until

PORT = 6399
AS_A_HOST = 'hostname "$1" && mkdir -p /tmp/ray && mount -t tmpfs tmpfs /tmp/ray && shift && exec "$@"'
"""A host has a name and Ray's own folder to itself; everything else on disk is shared."""
LINE = (
    *("compare", "dpo", "simpo", "--setting", str(ROOT / "tests" / "micro.yaml"), "--seeds", "1", "2", "--pairs-only"),
    *("--set", "preference.max_steps=60", "--set", "preference.save_steps=5", "--workers", "2", "--device", "cpu"),
)


def may_make_hosts() -> bool:
    """Whether this user may make namespaces here."""
    words = ["unshare", "--net", "--uts", "--mount", "--pid", "--fork", "ip", "link", "add", "bench0", "type", "veth"]
    try:
        return subprocess.run(words, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


class Host:
    """Namespaces in which a node of the cluster runs."""

    def __init__(self, name: str, address: str, folder: Path) -> None:
        self.name, self.address, self.folder = name, address, folder
        self.node: subprocess.Popen[bytes] | None = None

    def up(self, *more: str) -> None:
        """Have a node run here; Ray gives one 30 seconds to start, too few on a busy machine, so several are tried."""
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
        self.node = subprocess.Popen(words, stdout=log.open("wb"), stderr=subprocess.STDOUT)
        return log

    def down(self) -> None:
        """End everything that runs here, at once."""
        if self.node is not None:
            self.node.kill()
            self.node.wait()

    def command(self) -> subprocess.Popen[bytes]:
        """The grid's command, on this host."""
        assert self.node is not None
        first = Path(f"/proc/{self.node.pid}/task/{self.node.pid}/children").read_text().split()[0]
        inside = [
            "nsenter",
            "-t",
            first,
            "--net",
            "--uts",
            "--mount",
            "--pid",
            "sh",
            "-c",
            'cd "$1" && shift && exec "$@"',
        ]
        inside += ["sh", str(self.folder)]  # a working folder from outside would be on another mount
        log = (self.folder / "command.log").open("ab")
        bench = str(Path(sys.executable).with_name("bench"))
        return subprocess.Popen([*inside, bench, *LINE, "--executor", "ray"], stdout=log, stderr=log)


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


def training_on(runs: Path, host: str) -> str | None:
    """Key of a preference stage that runs on a host and has a checkpoint."""
    for key, record in records(runs).items():
        is_there = record["status"] == "running" and record["environment"].get("host") == host
        if key.startswith("preference/") and is_there and list((runs / key).glob("checkpoint/s*")):
            return key
    return None


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="the package ray is not installed: pip install 'benchbench[ray]'")
@pytest.mark.skipif(not may_make_hosts(), reason="this user may make no network namespaces")
def test_a_grid_on_two_hosts_survives_one_of_them_and_its_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    local, cluster = tmp_path / "local", tmp_path / "cluster"
    for folder in (local, cluster):
        folder.mkdir()
    bench = str(Path(sys.executable).with_name("bench"))
    subprocess.run([bench, *LINE], cwd=local, check=True, capture_output=True)
    (tmp_path / "token").write_text("0123456789abcdef" * 4)
    for name, value in {**_QUIET, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(tmp_path / "token")}.items():
        monkeypatch.setenv(name, value)
    names = [f"bench-{os.getpid()}-{letter}" for letter in "ab"]
    first, second = (Host(name, f"10.77.0.{n}", cluster) for n, name in enumerate(names, start=1))
    monkeypatch.setenv(ADDRESS, f"{first.address}:{PORT}")
    runs = cluster / "runs"
    with network(first, second):
        first.up("--head", f"--port={PORT}", "--include-dashboard=false")
        second.up(f"--address={first.address}:{PORT}")
        driver = first.command()
        on_second = until(lambda: training_on(runs, second.name), driver)  # type: ignore[arg-type]
        second.down()
        on_first = until(lambda: training_on(runs, first.name), driver)  # type: ignore[arg-type]
        before = records(runs)
        child = Path(f"/proc/{driver.pid}/task/{driver.pid}/children").read_text().split()
        for process in [*map(int, child), driver.pid]:
            os.kill(process, signal.SIGKILL)
        driver.wait()
        second.up(f"--address={first.address}:{PORT}")
        again = first.command()
        assert again.wait(WAIT_SECONDS) == 0, (cluster / "command.log").read_text()[-2000:]
    after = records(runs)
    assert {record["status"] for record in after.values()} == {"done"}
    assert [key for key, record in before.items() if record["status"] == "done" and after[key] != record] == []
    assert all(after[key]["attempts"] > 1 for key in (on_second, on_first))
    places = {name for each in after.values() for name in [each["environment"]["host"]]}
    assert places == set(names), "each host ran stages to their end"
    fields = unlike_files(local / "results" / "micro", cluster / "results" / "micro")
    assert beyond_circumstances(fields) == [] and "measurements.csv" not in fields
