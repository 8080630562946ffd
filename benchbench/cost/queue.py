"""A simulation of the queue: the scheduler's own order on devices that are played, with start-up and failures.

Stages that could start are taken as `run.order` says, by the priorities of their kinds. A device that fails loses what
its stage did since the last checkpoint, which is noticed after a while, and the stage is begun again from there. The
scheduler leaves that to the next run of the command; the simulation does it at once.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchbench.core.records import StageSpec
from benchbench.core.seeding import stream
from benchbench.run.needs import needs_of
from benchbench.run.order import longest_chains, urgency


@dataclass(frozen=True)
class QueuedStage:
    """A stage, as far as the queue goes."""

    key: str
    seconds: float
    """Of work on one device."""
    inputs: tuple[str, ...] = ()
    """Keys of the stages that it reads."""
    weight: float = 1
    """About how long it takes, as the scheduler sees it before it runs."""
    priority: int = 0
    engine: bool = False
    """It draws responses."""


@dataclass(frozen=True)
class QueueConditions:
    """What happens beside the work."""

    start_seconds: float = 20.0
    """Of each stage, before its work: imports, loading, tokens."""
    mean_hours_to_failure: float | None = None
    """Of one device, drawn from an exponential distribution; none never fails."""
    notice_seconds: float = 60.0
    """Until a failure is noticed; the device is idle meanwhile."""
    checkpoint_seconds: float = 300.0
    """Between checkpoints."""
    engines: int | None = None
    """Devices that may draw responses; none lets all do so, as cards do."""
    seed: int = 0
    """What failures are drawn from."""


@dataclass
class QueueOutcome:
    """What the played run came to."""

    devices: int
    seconds: float = 0.0
    """From the first start to the last end."""
    useful_seconds: float = 0.0
    """Of work, each stage's once."""
    failures: int = 0
    lost_seconds: float = 0.0
    """Of work that was done again."""
    order: list[str] = field(default_factory=list)
    """Keys in the order in which they started."""

    @property
    def efficiency(self) -> float:
        """Useful time over the time of all devices: 1 is linear."""
        return self.useful_seconds / (self.devices * self.seconds) if self.seconds else 1.0


def job_of(spec: StageSpec, seconds: float) -> QueuedStage:
    """A stage of a plan with what the scheduler knows of it."""
    needs = needs_of(spec)
    inputs = tuple(dict.fromkeys(spec.inputs.values()))
    return QueuedStage(spec.key, seconds, inputs, needs.weight, needs.priority, needs.engine)


def simulate(jobs: Sequence[QueuedStage], devices: int, conditions: QueueConditions | None = None) -> QueueOutcome:
    """Play a graph of stages on so many devices.

    Args:
        jobs: the stages; an input that is none of them is finished.
        devices: of one kind.
        conditions: what happens beside the work.

    Raises:
        ValueError: no device; stages that wait for each other.
    """
    if devices < 1:
        raise ValueError(f"expected 1 device or more, got {devices}")
    return _Play(jobs, devices, conditions or QueueConditions()).run()


class _Play:
    """One simulation under way."""

    def __init__(self, jobs: Sequence[QueuedStage], devices: int, conditions: QueueConditions) -> None:
        self._conditions = conditions
        self._jobs = {job.key: job for job in jobs}
        self._place = {key: place for place, key in enumerate(self._jobs)}
        inputs = {job.key: set(job.inputs) & self._jobs.keys() for job in jobs}
        self._chains = longest_chains(inputs, {job.key: job.weight for job in jobs})
        self._missing = {key: len(read) for key, read in inputs.items()}
        self._readers: dict[str, list[str]] = {key: [] for key in inputs}
        for key, read in inputs.items():
            for source in read:
                self._readers[source].append(key)
        self._left = {job.key: job.seconds for job in jobs}
        self._free = deque(range(devices))
        self._random = stream(conditions.seed, "failures of devices")
        self._events: list[tuple[float, int, str, bool]] = []
        """(seconds, device, key, whether the stage is done then)."""
        self._waiting: dict[bool, list[tuple[tuple[float, int], int, str]]] = {False: [], True: []}
        """Whether it draws responses -> stages that could start, most urgent first."""
        self._drawing: set[int] = set()
        self._outcome = QueueOutcome(devices, useful_seconds=sum(job.seconds for job in jobs))

    def run(self) -> QueueOutcome:
        """To the end of the last stage."""
        for key, count in self._missing.items():
            if not count:
                self._offer(key)
        now, done = 0.0, 0
        self._start_ready(now)
        while self._events:
            now, device, key, is_done = heapq.heappop(self._events)
            self._free.append(device)
            self._drawing.discard(device)
            if is_done:
                done += 1
                for reader in self._readers[key]:
                    self._missing[reader] -= 1
                    if not self._missing[reader]:
                        self._offer(reader)
            else:
                self._offer(key)
            self._start_ready(now)
        if done < len(self._jobs):
            raise ValueError(f"{len(self._jobs) - done} stages wait for each other")
        self._outcome.seconds = now
        return self._outcome

    def _offer(self, key: str) -> None:
        job = self._jobs[key]
        place = (urgency(self._chains[key], job.priority), self._place[key], key)
        heapq.heappush(self._waiting[job.engine], place)

    def _start_ready(self, now: float) -> None:
        """The most urgent stages on the free devices; one that draws needs a device that may."""
        while self._free:
            most = self._conditions.engines
            may_draw = most is None or len(self._drawing) < most
            queues = [queue for draws, queue in self._waiting.items() if queue and (may_draw or not draws)]
            if not queues:
                return
            _, _, key = heapq.heappop(min(queues, key=lambda queue: queue[0]))
            self._start(key, self._free.popleft(), now)

    def _start(self, key: str, device: int, now: float) -> None:
        if self._jobs[key].engine:
            self._drawing.add(device)
        self._outcome.order.append(key)
        conditions = self._conditions
        takes = conditions.start_seconds + self._left[key]
        hours = conditions.mean_hours_to_failure
        fails = np.inf if hours is None else float(self._random.exponential(3600 * hours))
        if fails >= takes:
            heapq.heappush(self._events, (now + takes, device, key, True))
            return
        worked = max(0.0, fails - conditions.start_seconds)
        saved = worked // conditions.checkpoint_seconds * conditions.checkpoint_seconds
        self._left[key] -= saved
        self._outcome.failures += 1
        self._outcome.lost_seconds += worked - saved
        heapq.heappush(self._events, (now + fails + conditions.notice_seconds, device, key, False))


MINUTES: Mapping[str, float] = {"sft": 20, "score": 8, "preference": 25, "generate": 15, "judge": 8}
"""Kind of stage -> minutes of it in the made-up grid, before the sizes of groups."""


def grid_jobs(*, groups: int = 50, methods: int = 4, seeds: int = 5, seed: int = 0) -> list[QueuedStage]:
    """A made-up grid: groups of recipes that share model and data, whose cells share SFT policy, scores and responses.

    Args:
        groups: settings, each with a size of its own (log-normal, between an eighth and twice the usual).
        methods: of each group.
        seeds: of each method; so many times the two others are the cells.
        seed: what sizes are drawn from.
    """
    draw = stream(seed, "sizes of groups")
    jobs: list[QueuedStage] = []

    def add(kind: str, name: str, size: float, *inputs: str) -> str:
        spec = StageSpec(kind, name, {"name": name}, {str(place): key for place, key in enumerate(inputs)})
        job = job_of(spec, 60 * min(30.0, max(3.0, MINUTES[kind] * size)))
        jobs.append(replace(job, key=spec.key))
        return spec.key

    for group in range(groups):
        size = float(draw.lognormal(0.0, 0.4))
        for number in range(seeds):
            at = f"group {group} seed {number}"
            start = add("sft", f"sft {at}", size)
            reference = add("score", f"reference {at}", size, start)
            add("score", f"score of sft {at}", size, start)
            answers = add("generate", f"responses of sft {at}", size, start)
            for method in range(methods):
                policy = add("preference", f"method {method} {at}", size, start, reference)
                add("score", f"score {method} {at}", size, policy)
                drawn = add("generate", f"responses {method} {at}", size, policy)
                add("judge", f"verdicts {method} {at}", size, drawn, answers)
    return jobs
