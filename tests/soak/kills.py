"""Which signal is sent when and to whom: drawn from a seed, the rarest so far first, and what became of it."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from tests.soak.processes import Running, is_alive
from tests.soak.traps import COMMAND, OPERATIONS, SYNC, WORKER, Moment

STOPPED = "SIGSTOP, then SIGKILL"
SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT", STOPPED)
GROUP = "group"
TARGETS = (COMMAND, WORKER, GROUP)
OFTEN = {WORKER: 2}
"""Target -> how often it is drawn for once of another: a command goes on without a worker."""
MEMORY = "memory limit"
ANY_TIME, PLANNING, CHECKPOINT, TABLES, CACHE = "any time", "planning", "checkpoint", "tables", "cache of verdicts"
PLACES = {
    PLANNING: (COMMAND, "", 6),
    CHECKPOINT: (WORKER, "checkpoint/", 6),
    TABLES: (COMMAND, "results_", 12),
    CACHE: (WORKER, "verdicts/", 1),
}
"""Moment -> who writes, where, and up to how many of its writes are passed over."""
MOST_CHECKPOINTS = 5
"""Of a training on drawn rows, one less than its steps."""
TRAINS = {"sft", "reward_model", "preference"}
"""Kinds of stages that leave checkpoints."""
HEADROOM_BYTES = 8 * 2**20
"""What a worker under a memory limit may still take."""


@dataclass(frozen=True)
class Kill:
    """A signal, and the moment that it waits for."""

    name: str
    """Of the moment: a kind of stage, or one of the above."""
    moment: Moment | None
    """None for a time alone."""
    delay: float | None
    """Seconds after the moment, in which the process goes on; none finds it there."""
    signal: str
    target: str

    @property
    def ends_the_command(self) -> bool:
        """Whether the command is not to go on."""
        return self.target != WORKER and self.signal != MEMORY


class Plan:
    """Draws kills."""

    def __init__(self, random: Random, *, whole_seconds: float) -> None:
        """`whole_seconds` is how long a command takes that nobody disturbs."""
        self.random = random
        self.whole_seconds = whole_seconds
        self.done: dict[str, Counter[str]] = {"moment": Counter(), "signal": Counter(), "target": Counter()}
        self.sent: Counter[str] = Counter()
        """Signal and target -> how often."""
        self.operations: Counter[str] = Counter()
        """How often a process was held at each operation."""

    def draw(
        self,
        kinds: Sequence[str],
        later: Sequence[str],
        *,
        planning: bool,
        tables: bool,
        trainings: Mapping[str, str] | None = None,
    ) -> Kill:
        """The next one.

        Args:
            kinds: of the stages that could start now.
            later: of all that are not finished; those that no signal has found so far are waited for.
            planning: whether the command has just been started.
            tables: whether only tables are left to be made.
            trainings: name of a moment -> part of the path of the checkpoints that a training writes meanwhile.
        """
        names = [*kinds, ANY_TIME, *([PLANNING] if planning else []), *([TABLES] if tables else [])]
        names += [kind for kind in later if not self.done["moment"][kind]]
        names += [CHECKPOINT] if {*kinds} & TRAINS else []
        names += [CACHE] if "judge" in kinds and not self.done["moment"]["judge"] % 3 else []
        aimed = dict(trainings or {})
        name = self._rarest("moment", [*names, *aimed])
        number, target = self._rarest("signal", SIGNALS), self._rarest("target", TARGETS)
        if name == ANY_TIME:
            return Kill(name, None, min(self.random.expovariate(6), 1) * self.whole_seconds, number, target)
        operation = self.random.choice(OPERATIONS)
        places = PLACES | {each: (WORKER, path, MOST_CHECKPOINTS) for each, path in aimed.items()}
        role, place, most = places.get(name, (WORKER, f"runs/{name}/", 8 if operation == SYNC else 4))
        delay = None if self.random.random() < 0.6 else self.random.uniform(0, 0.3)
        if role == COMMAND and target == WORKER:
            target = self._rarest("target", (COMMAND, GROUP))
        return Kill(name, Moment(role, operation, place, self.random.randint(1, most)), delay, number, target)

    def count(self, kill: Kill, name: str) -> None:
        """Note that a kill was delivered, at the moment of this name."""
        for what, value in (("moment", name), ("signal", kill.signal), ("target", kill.target)):
            self.done[what][value] += 1
        self.sent[f"{kill.signal} to {kill.target}"] += 1
        if kill.moment is not None and kill.delay is None and name == kill.name:
            self.operations[kill.moment.operation] += 1

    def _rarest(self, what: str, values: Sequence[str]) -> str:
        """One of the values that were drawn least, or, one time in three, any."""
        done = {value: self.done[what][value] // OFTEN.get(value, 1) for value in values}
        rare = [value for value, number in done.items() if number == min(done.values())]
        return self.random.choice(list(dict.fromkeys(values)) if self.random.random() < 1 / 3 else rare)


def deliver(kill: Kill, running: Running, random: Random, *, seconds: float) -> str | None:
    """Wait for the moment and send the signal; none where the command ended before.

    Args:
        kill: what to send, when, to whom.
        running: the command.
        random: for what else is to be chosen.
        seconds: after so long without the moment the signal is sent all the same.

    Returns:
        The moment's name, or that it was sent at any time.
    """
    if kill.moment is None:
        return ANY_TIME if _after(kill.delay or 0, running) and _send(kill, running, None, random) else None
    running.trap.arm(kill.moment)
    deadline, pid = time.monotonic() + seconds, None
    while pid is None and running.poll() is None and time.monotonic() < deadline:
        pid = running.trap.met(0.05)
    running.trap.arm(None)
    if pid is None and (pid := running.trap.met(0)) is None:
        return ANY_TIME if running.poll() is None and _send(kill, running, None, random) else None
    if kill.delay is not None:
        running.trap.let_go()
        return kill.name if _after(kill.delay, running) and _send(kill, running, None, random) else None
    struck = _send(kill, running, pid, random)
    if pid not in struck or kill.signal in ("SIGTERM", "SIGINT", MEMORY):
        running.trap.let_go()
    return kill.name if struck else None


def _after(seconds: float, running: Running) -> bool:
    """Whether the command still runs after so long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and running.poll() is None:
        time.sleep(0.005)
    return running.poll() is None


def _send(kill: Kill, running: Running, pid: int | None, random: Random) -> list[int]:
    """Send a signal; the numbers of the processes that it was sent to."""
    workers = running.workers()
    if kill.target == WORKER:
        pids = [pid] if pid in workers else [random.choice(workers)] if workers else [running.pid]
    else:
        pids = [running.pid] if kill.target == COMMAND else running.group()
    if kill.signal == MEMORY:
        return [each for each in pids if _limit(each)]
    numbers = [signal.SIGSTOP, signal.SIGKILL] if kill.signal == STOPPED else [signal.Signals[kill.signal]]
    struck = []
    for number in numbers:
        for each in pids:
            with suppress(ProcessLookupError):
                os.kill(each, number)
                struck.append(each)
        if number == signal.SIGSTOP:
            time.sleep(random.uniform(0.02, 0.3))
    return struck


def _limit(pid: int) -> bool:
    """Let a process have hardly more memory than it has."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        resource.prlimit(pid, resource.RLIMIT_AS, (size + HEADROOM_BYTES, size + HEADROOM_BYTES))
    except (OSError, IndexError):
        return False
    return is_alive(pid)
