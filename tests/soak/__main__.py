"""`make soak`: a comparison is killed at moments drawn from a seed until it is finished, to the same bytes anyway.

    python -m tests.soak --kills 200 --write results/reliability/soak.json
    python -m tests.soak --kills 40 --worlds rounds --write results/reliability/rounds.json --add

A *world* is a folder with its `runs/` and `results/`; a *life* is one start of its commands. In each life up to six
signals are sent; then the command is started again. When all is finished, every file must be the one of a world that
nobody disturbed, less what `same.py` names. The seed is printed, and again where something is not as promised.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as pytest has it, for `from harness import`

from tests.soak.clock import MOST_HOURS, ClockError, JumpingClock, is_preloaded, library, start_again_with  # noqa: E402
from tests.soak.comparison import WORLDS, Command, furnish, ready, stages_of, unfinished  # noqa: E402
from tests.soak.kills import MEMORY, PLANNING, WORKER, Kill, Plan, deliver  # noqa: E402
from tests.soak.processes import Running, warm_up  # noqa: E402
from tests.soak.progress import Chain, chains_of, half_way, within  # noqa: E402
from tests.soak.record import write_record  # noqa: E402
from tests.soak.same import differences, left_behind, snapshot  # noqa: E402

MOST_KILLS_OF_A_LIFE, MOST_LIVES, MOST_LIVES_FOR_TABLES = 6, 60, 3
"""Of a life; of a world; of a world all of whose stages are finished."""
ENDS = {0, 4, 130, 143, -2, -9, -15}
"""Exit codes of a command that was killed, asked to stop, lost a worker, or finished before."""
DAY = 24 * 3600.0
WITH_JUMPS = f"libfaketime: clocks jump by up to {MOST_HOURS:g} hours in every life, before each signal"
WITHOUT_JUMPS = "time.time of forked processes moved by up to 400 days; libfaketime is not here"


class SoakError(Exception):
    """Something is not as promised."""


@dataclass
class Undisturbed:
    """A world that nobody disturbed."""

    files: dict[str, str]
    stages: dict[str, set[str]]
    """Key -> keys of what it reads."""
    seconds: float
    """That its first command took."""
    chains: list[Chain]
    """Its trainings that draw or are rounds."""


@dataclass
class Counts:
    """What was done."""

    worlds: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    scripts: int = 0
    """Lives of the real script, with spawned workers."""
    together: int = 0
    """Lives with two commands at once."""
    planning_together: int = 0
    """Signals to a command that planned while another one was at work in the same folder."""
    clocks: int = 0
    """Lives with another time of day."""
    jumps: Counter[str] = field(default_factory=Counter)
    """Forwards or backwards -> how often a clock jumped while a command ran."""
    memory_limits: int = 0
    half_way: Counter[str] = field(default_factory=Counter)
    """What lives found half-way that went before them, by kind."""
    exit_codes: Counter[int] = field(default_factory=Counter)
    files_compared: int = 0


class Soak:
    """Kills until there were enough."""

    def __init__(self, base: Path, *, kills: int, seed: int, script_every: int, workers: int = 2) -> None:
        """`script_every` is how many lives there are for one of the real script; 0 for none."""
        self.base, self.kills, self.script_every, self.workers = base, kills, script_every, workers
        self.random = Random(seed)
        self.counts = Counts()
        self.plan = Plan(self.random, whole_seconds=1.0)
        self._undisturbed: dict[str, Undisturbed] = {}
        self._running: list[Running] = []
        self._started = 0
        self._clocks = Random(seed + 1) if is_preloaded() else None
        """Draws jumps; none where clocks cannot jump."""
        self._lines: list[str] = []
        """What was sent in the present life."""

    def run(self, worlds: Sequence[str]) -> None:
        """Disturb one world after another, in turns.

        Raises:
            SoakError: what is not as promised.
        """
        number = 0
        while self.delivered < self.kills or number < len(worlds):
            self.world(worlds[number % len(worlds)])
            number += 1

    @property
    def delivered(self) -> int:
        """Signals that were sent."""
        return sum(self.plan.done["signal"].values())

    def world(self, name: str) -> None:
        """One world from its beginning to its comparison."""
        if name not in self._undisturbed:
            self._undisturbed[name] = self._leave_alone(name)
        whole, commands = self._undisturbed[name], WORLDS[name]
        self.plan.whole_seconds = whole.seconds
        folder, before, lives, only_tables = furnish(self.base / "world"), self.delivered, 0, 0
        while self.delivered < self.kills and max(lives / MOST_LIVES, only_tables / MOST_LIVES_FOR_TABLES) < 1:
            if self._is_finished(folder, commands):
                break
            only_tables += not unfinished(folder, whole.stages)
            self._life(folder, commands, whole)
            lives += 1
        self._finish(folder, commands)
        self._compare(folder, commands, whole, name)
        self.counts.worlds[name] += 1
        _say(f"{name}: {self.delivered - before} kills in {lives} lives, all as it should be; {self.delivered} in all")
        shutil.rmtree(folder)

    def close(self) -> None:
        """End every process that was started."""
        for running in self._running:
            running.end()

    def _is_finished(self, folder: Path, commands: Sequence[Command]) -> bool:
        """Whether every command has written its last table."""
        return all(_has_tables(folder, command) for command in commands)

    def _leave_alone(self, name: str) -> Undisturbed:
        folder, seconds = furnish(self.base / "world"), []
        for command in WORLDS[name]:
            begin = time.monotonic()
            running = self._start(folder, command.line(workers=self.workers))
            if (code := running.wait()) != 0:
                raise SoakError(f"{name}: expected exit code 0, left alone, found {code}\n{running.printed}")
            seconds.append(time.monotonic() - begin)
            _say(f"{name}: {command.name} took {seconds[-1]:.0f} s, {running.cpu_seconds:.0f} of a core")
        files = snapshot(folder, [command.results for command in WORLDS[name]])
        stages = stages_of(folder)
        chains = chains_of(folder, stages)
        shutil.rmtree(folder)
        _say(f"{name}: {len(files)} files of {len(stages)} stages")
        return Undisturbed(files, stages, seconds[0], chains)

    def _life(self, folder: Path, commands: Sequence[Command], whole: Undisturbed) -> None:
        """Start, disturb, wait for the end."""
        self.counts.lives += 1
        self.counts.half_way += half_way(folder, whole.chains, whole.stages)
        script = self.script_every > 0 and self.counts.lives % self.script_every == 0
        together = len(commands) > 1 and self.random.random() < 0.3
        pending = sorted(commands, key=lambda command: _has_tables(folder, command))[: 1 + together]
        lines = [command.line(workers=self.workers) for command in pending]
        living = [self._start(folder, line, script=script) for line in lines]
        self.counts.scripts += script
        self.counts.together += together
        is_moved = not script and self.random.random() < 0.3
        if self._clocks is not None:
            self.counts.clocks += 1
            self._jump(living)
        elif is_moved:
            self.counts.clocks += 1
            for running in living:
                running.trap.move_clock(self.random.choice((-1, 1)) * self.random.uniform(0.1, 400) * DAY)
        self._lines = []
        limited = self._disturb(folder, living, whole, script=script)
        for running in living:
            self._end_of(running, limited=limited)
        codes = [running.code for running in living]
        _say(f"  life {self.counts.lives}: {'; '.join(self._lines) or 'nothing'}; exit codes {codes}")
        if self.random.random() < 0.5:  # else what is left of this life meets the next
            for running in living:
                running.wait_for_group()

    def _disturb(self, folder: Path, living: Sequence[Running], whole: Undisturbed, *, script: bool) -> bool:
        """Send up to six signals while some command goes on; whether a memory limit was set."""
        limited, active = False, list(living)
        for number in range(MOST_KILLS_OF_A_LIFE):
            active = [running for running in active if running.poll() is None]
            if not active or self.delivered >= self.kills:
                break
            running, waiting = self.random.choice(active), unfinished(folder, whole.stages)
            kinds = ready(whole.stages, waiting)
            later = [key.split("/")[0] for key in waiting]
            trainings = within(whole.chains, waiting, whole.stages)
            kill = self.plan.draw(
                kinds, [] if script else later, planning=number == 0, tables=not waiting, trainings=trainings
            )
            if script:
                kill = replace(kill, name="any time", moment=None, delay=self.random.uniform(1, 4 * whole.seconds))
            elif kill.name in kinds and self.random.random() < 0.1:
                limited |= self._limit(kill, running, whole)
                continue
            self._jump(active)
            name = deliver(kill, running, self.random, seconds=self._patience(whole))
            self._lines.append(f"{kill.signal} to {kill.target}: {kill.name}" + ("" if name else ", not met"))
            if name:
                self.plan.count(kill, name)
                self.counts.planning_together += name == PLANNING and len(active) > 1
                if kill.ends_the_command and self.random.random() < 0.7:  # else another signal follows at once
                    active.remove(running)
        return limited

    def _limit(self, kill: Kill, running: Running, whole: Undisturbed) -> bool:
        """Give a worker hardly more memory than it has."""
        limit = replace(kill, signal=MEMORY, target=WORKER)
        is_set = deliver(limit, running, self.random, seconds=self._patience(whole)) is not None
        self.counts.memory_limits += is_set
        return is_set

    def _jump(self, living: Sequence[Running]) -> None:
        """Have the clocks of commands jump, each by itself."""
        for running in living:
            if running.clock is not None:
                self.counts.jumps[running.clock.jump()] += 1

    def _patience(self, whole: Undisturbed) -> float:
        """How long a moment is waited for."""
        return max(1.0, whole.seconds / 2)

    def _start(self, folder: Path, line: Sequence[str], *, script: bool = False) -> Running:
        self._started += 1
        clock = None
        if self._clocks is not None:
            clock = JumpingClock(self.base / f"clock{self._started}", self._clocks)
        self._running.append(Running(folder, line, self._started, script=script, clock=clock))
        return self._running[-1]

    def _end_of(self, running: Running, *, limited: bool) -> None:
        """Wait for a command, and look at how it ended."""
        code = running.wait()
        running.trap.close()
        self.counts.exit_codes[code] += 1
        if code not in ENDS:
            raise SoakError(f"{running.line}: expected an exit code of {sorted(ENDS)}, found {code}\n{running.printed}")
        if "Traceback" in running.printed and not limited:
            raise SoakError(f"{running.line}: expected no traceback, found one\n{running.printed}")

    def _finish(self, folder: Path, commands: Sequence[Command]) -> None:
        """Run every command to its end, with nothing of the lives before left, and have all files read."""
        for running in self._running:
            running.wait_for_group()
        self._running.clear()
        results = [word for command in commands for word in ("--results", command.results)][:2]
        lines = [command.line(workers=self.workers) for command in commands] + [["verify", *results]]
        for line in lines:
            running = self._start(folder, line)
            if (code := running.wait()) != 0:
                raise SoakError(f"{line}: expected exit code 0, found {code}\n{running.printed}")
            running.trap.close()

    def _compare(self, folder: Path, commands: Sequence[Command], whole: Undisturbed, name: str) -> None:
        files = snapshot(folder, [command.results for command in commands])
        if others := differences(files, whole.files):
            raise SoakError(f"{name}: expected the files of a world that nobody disturbed, found others: {others}")
        if left := left_behind(folder):
            raise SoakError(f"{name}: expected nothing left behind, found {left}")
        self.counts.files_compared += len(files)


def _has_tables(folder: Path, command: Command) -> bool:
    return any((folder / command.results).glob("*/comparisons/*/comparison.json"))


def _say(line: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stderr.flush()


def recorded(soak: Soak, *, seed: int, seconds: float, line: Sequence[str]) -> dict[str, Any]:
    """What is committed of a run."""
    from benchbench.stages.environment import environment

    counts, plan = soak.counts, soak.plan
    here = environment("cpu")
    return {
        "command": " ".join(["python -m tests.soak", *line]),
        "seed": seed,
        "kills": soak.delivered,
        "sent": dict(sorted(plan.sent.items())),
        "by_moment": dict(sorted(plan.done["moment"].items())),
        "held_at": dict(sorted(plan.operations.items())),
        "worlds": dict(counts.worlds),
        "lives": counts.lives,
        "lives_of_the_script": counts.scripts,
        "lives_with_two_commands": counts.together,
        "planning_with_two_commands": counts.planning_together,
        "lives_with_another_clock": counts.clocks,
        "memory_limits": counts.memory_limits,
        "half_way": dict(sorted(counts.half_way.items())),
        "exit_codes": {str(code): number for code, number in sorted(counts.exit_codes.items())},
        "files_compared": counts.files_compared,
        "files_that_differ": 0,
        "clock": WITH_JUMPS if is_preloaded() else WITHOUT_JUMPS,
        "clock_jumps": dict(sorted(counts.jumps.items())),
        "seconds": round(seconds),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "versions": {name: here["packages"][name] for name in ("benchbench", "torch", "transformers")},
        "python": here["python"],
        "platform": here["platform"],
    }


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 where all was as promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Kill a comparison; compare files.")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, help="of the moments; drawn and printed by default")
    parser.add_argument("--worlds", nargs="+", choices=[*WORLDS], default=["policies", "policies", "rewards"])
    parser.add_argument("--script-every", type=int, default=10, help="lives for one of the real script; 0 for none")
    parser.add_argument("--write", type=Path, help="JSON file of the counts")
    parser.add_argument("--add", action="store_true", help="keep the runs that the file has beside this one")
    options = parser.parse_args(arguments)
    try:
        if not is_preloaded() and (preload := library()) is not None:
            start_again_with(preload, list(arguments))
    except ClockError as error:
        _say(str(error))
        return 2
    seed = Random().randrange(10**6) if options.seed is None else options.seed
    _say(f"seed {seed}, {options.kills} kills; {WITH_JUMPS if is_preloaded() else WITHOUT_JUMPS}")
    base, begin = Path(tempfile.mkdtemp(prefix="soak-")), time.monotonic()
    for name in set(options.worlds):
        warm_up(furnish(base / name), WORLDS[name][0].line(workers=2))
    soak = Soak(base, kills=options.kills, seed=seed, script_every=options.script_every)
    try:
        soak.run(options.worlds)
    except (SoakError, TimeoutError) as error:
        _say(f"seed {seed}, after {soak.delivered} kills: {error}\nkept: {base}")
        return 1
    finally:
        soak.close()
    shutil.rmtree(base)
    _say(f"seed {seed}: {soak.delivered} kills, {soak.counts.files_compared} files as they should be")
    if options.write is not None:
        record = recorded(soak, seed=seed, seconds=time.monotonic() - begin, line=arguments)
        write_record(options.write, record, is_added=options.add)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
