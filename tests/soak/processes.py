"""Commands and their workers as processes that are forked from this one, which has imported what they need.

A program's start takes seconds of imports, in which nothing can go wrong that is not the same each time; so most
commands are forked, in a group of their own, and fork their workers. What a spawned worker would not have of its parent
is closed. Some commands are the real script, with workers that it spawns.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import chdir, redirect_stdout, suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.harness import BENCH
from tests.soak.clock import JumpingClock
from tests.soak.traps import COMMAND, WORKER, Trap

HANDLED = {signal.SIGINT, signal.SIGTERM}
END_SECONDS = 180.0
"""After so long a command hangs."""


def warm_up(folder: Path, line: Sequence[str]) -> None:
    """Import what commands and workers need, and read the recipes, by planning a command of which nothing runs."""
    from benchbench import stages
    from benchbench.cli.main import main

    for name in ("tests.worker_imports", "benchbench.commands.compare.report", "matplotlib.pyplot"):
        import_module(name)
    for kind in stages.kinds():
        import_module(f"benchbench.stages.{kind}.run")
    with chdir(folder), (folder / "plan.txt").open("w", encoding="utf-8") as out, redirect_stdout(out):
        code = main([*line, "--dry-run"])
    assert code == 0, (folder / "plan.txt").read_text(encoding="utf-8")


class ForkedWorkers:
    """What `benchbench.run.local` needs of a multiprocessing context."""

    def __init__(self, trap: Trap) -> None:
        self._trap = trap
        self._fork = multiprocessing.get_context("fork")

    def Pipe(self) -> tuple[Connection, Connection]:  # noqa: N802 (the name of multiprocessing)
        return self._fork.Pipe()

    def Process(self, *, target: Callable[..., None], args: Sequence[Any], daemon: bool) -> Any:  # noqa: N802
        process = self._fork.Process(target=_work, args=(self._trap, target, args), daemon=daemon)
        start = process.start

        def start_without_signals() -> None:
            """No signal may find the child with the handlers of the command."""
            before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
            try:
                start()
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

        process.start = start_without_signals
        return process


def _work(trap: Trap, target: Callable[..., None], args: Sequence[Any]) -> None:
    kept = {0, 1, 2, args[0].fileno(), *trap.handles()}
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with suppress(OSError):
                os.close(int(name))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HANDLED)
    trap.enter(WORKER)
    target(*args)


class Running:
    """A command that was started, in a process group of its own."""

    def __init__(
        self,
        folder: Path,
        line: Sequence[str],
        number: int,
        *,
        script: bool = False,
        clock: JumpingClock | None = None,
    ) -> None:
        """Start it.

        Args:
            folder: where it runs.
            line: its words, without `bench`.
            number: of this start, for the names of what it prints.
            script: whether it is the real script, whose writes meet no trap.
            clock: that it and its workers read; none where theirs is the machine's.
        """
        self.folder, self.line, self.script, self.clock = folder, list(line), script, clock
        self.trap = Trap()
        self.code: int | None = None
        self.cpu_seconds = 0.0
        """That it and the workers it waited for had taken when it ended."""
        self._out, self._err = folder / f"out{number}.txt", folder / f"err{number}.txt"
        self.pid = self._spawn() if script else self._fork()

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; none while it runs."""
        if self.code is None:
            pid, status, used = os.wait4(self.pid, os.WNOHANG)
            self.cpu_seconds = used.ru_utime + used.ru_stime
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def wait(self, seconds: float = END_SECONDS) -> int:
        """Wait for its end.

        Raises:
            TimeoutError: it hangs; with what it printed and where its processes are.
        """
        deadline = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.line}: still running after {seconds:g} s\n{self.printed}\n{self._stacks()}")
            time.sleep(0.01)
        assert self.code is not None
        return self.code

    def workers(self) -> list[int]:
        """Numbers of its worker processes."""
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()
            return [int(child) for child in children if not self.script or _is_worker(int(child))]
        except OSError:
            return []

    def group(self) -> list[int]:
        """Numbers of all processes of its group that have not ended."""
        members = []
        for name in os.listdir("/proc"):
            if name.isdigit() and is_alive(int(name)) and (_stat(int(name)) or [""] * 3)[2] == str(self.pid):
                members.append(int(name))
        return members

    def wait_for_group(self, seconds: float = END_SECONDS) -> None:
        """Wait until no process of its group is left.

        Raises:
            TimeoutError: some stay.
        """
        deadline = time.monotonic() + seconds
        while members := self.group():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.line}: processes {members} did not end\n{self.printed}\n{self._stacks()}")
            time.sleep(0.1)

    def end(self) -> None:
        """Kill what is left of it."""
        for pid in self.group():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.code is None:
            with suppress(ChildProcessError):
                self.wait()

    @property
    def printed(self) -> str:
        """What it said to people."""
        return self._err.read_text(encoding="utf-8", errors="replace") if self._err.exists() else ""

    def _spawn(self) -> int:
        with self._out.open("wb") as out, self._err.open("wb") as err:
            started = subprocess.Popen(
                [BENCH, *self.line],
                cwd=self.folder,
                stdout=out,
                stderr=err,
                process_group=0,
                env=None if self.clock is None else self.clock.environment(),
            )
        started.returncode = 0  # so that it is waited for here alone
        return started.pid

    def _fork(self) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._be_the_command()
        with suppress(OSError):
            os.setpgid(pid, pid)
        return pid

    def _be_the_command(self) -> None:
        code = 1
        try:
            with suppress(OSError):
                os.setpgid(0, 0)
            if self.clock is not None:
                self.clock.enter()
            os.chdir(self.folder)
            for path, number in ((self._out, 1), (self._err, 2)):
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                os.dup2(handle, number)
                os.close(handle)
            import faulthandler

            from benchbench.cli.main import main
            from benchbench.run import local

            signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
            faulthandler.register(signal.SIGUSR1, all_threads=True)
            self.trap.enter(COMMAND)
            local.PROCESSES = ForkedWorkers(self.trap)
            code = main(self.line)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _stacks(self) -> str:
        """Where each process of the group is."""
        if self.script:
            return ""
        for pid in self.group():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGUSR1)
        time.sleep(1)
        return self.printed


def _is_worker(pid: int) -> bool:
    try:
        return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it has not ended."""
    return _stat(pid)[:1] not in ([], ["Z"])


def _stat(pid: int) -> list[str]:
    """State, parent, group and so on of a process; nothing of one that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
