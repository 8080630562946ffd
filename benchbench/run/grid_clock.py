"""How long a grid of stages has left: a clock that hears what becomes of the stages, and prints nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from benchbench.core.records import StageSpec


def duration(seconds: float) -> str:
    """A time in words, to two units: `2 h 05 min`, `3 min 20 s`, `12 s`."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


@dataclass
class StageClock:
    """A stage that runs, by what this run of it reported: steps before a checkpoint took none of its time."""

    spec: StageSpec
    started: float
    first: tuple[float, int, int] | None = None
    """(time, step, tokens) of the first report."""
    last: tuple[float, int, int] | None = None
    steps: int = 0
    """Number of the last step."""

    def rate(self) -> float | None:
        """Tokens per second since the first report; none before a second one."""
        seconds, _, tokens = self._since_first()
        return tokens / seconds if seconds > 0 and tokens > 0 else None

    def left(self, now: float) -> float | None:
        """Seconds to the last step, by time of this run over steps of this run; none before a second report."""
        seconds, done, _ = self._since_first()
        if self.last is None or done <= 0 or seconds <= 0:
            return None
        return max(0.0, seconds / done * (self.steps - self.last[1]) - (now - self.last[0]))

    def _since_first(self) -> tuple[float, int, int]:
        if self.first is None or self.last is None:
            return 0.0, 0, 0
        return self.last[0] - self.first[0], self.last[1] - self.first[1], self.last[2] - self.first[2]


class GridClock:
    """What is done of a grid, how long it took, and how long the rest may take.

    Times are seconds of any clock that only goes forward.
    """

    def __init__(
        self, stages: Mapping[str, StageSpec], *, now: float, seconds: Mapping[str, float] | None = None
    ) -> None:
        """A clock of a run that starts now.

        Args:
            stages: key -> stage, of everything that is to run.
            now: the time.
            seconds: kind -> how long a stage of it took before, for kinds of which none has ended in this run.
        """
        self.total = len(stages)
        self.done = 0
        self.failed = 0
        self.blocked = 0
        """Stages that will not run, since what they read failed."""
        self._begun = now
        self._waiting = dict(stages)
        self._running: dict[str, StageClock] = {}
        self._known = dict(seconds or {})
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._most_at_once = 1

    def started(self, spec: StageSpec, now: float) -> None:
        """A stage began."""
        self._waiting.pop(spec.key, None)
        self._running[spec.key] = StageClock(spec, now)
        self._most_at_once = max(self._most_at_once, len(self._running))

    def progress(self, key: str, step: int, steps: int, tokens: int, now: float) -> StageClock:
        """A stage that runs reported a step; one that went back to its checkpoint is timed anew from there."""
        stage = self._running[key]
        went_back = stage.last is not None and step < stage.last[1]
        stage.first = (now, step, tokens) if went_back or stage.first is None else stage.first
        stage.last, stage.steps = (now, step, tokens), steps
        return stage

    def ended(self, spec: StageSpec, seconds: float, *, is_done: bool) -> None:
        """A stage ended; where it failed, what reads it is blocked."""
        self._running.pop(spec.key, None)
        if is_done:
            self.done += 1
            self._seconds[spec.kind].append(seconds)
            return
        self.failed += 1
        lost = {spec.key}
        while blocked := [key for key, each in self._waiting.items() if lost.intersection(each.inputs.values())]:
            self.blocked += len(blocked)
            lost.update(blocked)
            for key in blocked:
                del self._waiting[key]

    def in_words(self, now: float) -> str:
        """Stages done of how many, the time since the start, and about how long the rest takes."""
        parts = [f"{self.done}/{self.total} stages done"]
        parts += [f"{self.failed} failed"] * bool(self.failed) + [f"{self.blocked} blocked"] * bool(self.blocked)
        parts.append(f"{duration(now - self._begun)} elapsed")
        seconds, is_all = self.left(now)
        if self._waiting or self._running:
            parts += [f"{'about' if is_all else 'at least'} {duration(seconds)} left"] if is_all or seconds else []
        return ", ".join(parts)

    def left(self, now: float) -> tuple[float, bool]:
        """Seconds until all has ended, if as many stages run at once as did; whether every stage's time is known.

        No less than all work over the places it runs in, and no less than any chain of stages that wait for each other.
        """
        known = {stage.spec.key: self._of_running(stage, now) for stage in self._running.values()}
        known |= {key: self._of_kind(spec.kind) for key, spec in self._waiting.items()}
        ends: dict[str, float] = {}

        def end_of(key: str) -> float:
            if key not in ends:
                inputs = self._waiting[key].inputs.values() if key in self._waiting else ()
                ends[key] = (known[key] or 0.0) + max((end_of(each) for each in inputs if each in known), default=0.0)
            return ends[key]

        work = sum(seconds or 0.0 for seconds in known.values()) / self._most_at_once
        return max([work, *map(end_of, known)]), None not in known.values()

    def _of_running(self, stage: StageClock, now: float) -> float | None:
        left = stage.left(now)
        if left is not None:
            return left
        usual = self._of_kind(stage.spec.kind)
        return None if usual is None else max(0.0, usual - (now - stage.started))

    def _of_kind(self, kind: str) -> float | None:
        """Mean seconds of a kind's stages in this run, or what one took before."""
        return fmean(self._seconds[kind]) if self._seconds[kind] else self._known.get(kind)
