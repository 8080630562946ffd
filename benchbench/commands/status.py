"""`bench status`: the stages below `runs/`: running, finished, failed, or left by a process that died."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchbench import stages
from benchbench.commands.run_plan import in_one_line
from benchbench.core.json_text import parse_json
from benchbench.core.records import StageRecord
from benchbench.run.grid_clock import duration
from benchbench.store.files import folders, json_or_none, read_text
from benchbench.store.lease_files import Holder
from benchbench.store.locks import LOCK, lock_values
from benchbench.store.runs import CHECKPOINT, PROGRESS, RunStore
from benchbench.store.sessions import sessions

RUNNING, STALE, INTERRUPTED, FAILED, FINISHED = "running", "stale", "interrupted", "failed", "finished"
MEANINGS = {
    STALE: "its process is gone without a word; the next run goes on from its checkpoint, or begins it anew",
    INTERRUPTED: "stopped on request; the next run goes on from its checkpoint",
    FAILED: "the next run tries again",
}
"""State -> what becomes of such a stage."""
_STATES = (RUNNING, STALE, INTERRUPTED, FAILED, FINISHED)
_TITLE = re.compile(r"^title:.*(?:\n[ \t].*)*", flags=re.MULTILINE)
_HEARTBEATS = (PROGRESS, "train.jsonl", "status.json", CHECKPOINT)
"""Files and folders that a stage writes while it runs."""


@dataclass(frozen=True)
class StageState:
    """A stage below `runs/`, as it is now."""

    state: str
    """`running`, `stale`, `interrupted`, `failed` or `finished`."""
    stage: str
    """What it is, in a few words."""
    key: str
    """Its folder below `runs/`."""
    step: int | None
    """The last that was noted; none where nothing was."""
    steps: int | None
    """How many there are; none where that is not known."""
    heartbeat: str
    """When it last wrote anything: ISO 8601, UTC."""
    seconds_since_heartbeat: float
    attempts: int
    message: str
    """Why it failed, in one line."""
    owner: str = ""
    """Process and machine that run it, and since when; empty where nobody does."""
    command: str = ""
    """The command that planned it last, which goes on with it; empty where that is not known."""

    def shown(self) -> dict[str, str]:
        """A row for a reader."""
        place = "-" if self.step is None else f"step {self.step}"
        if self.step is not None and self.steps:
            place += f" of {self.steps} ({self.step / self.steps:.0%})"
        return {
            "state": self.state,
            "stage": self.stage,
            "progress": place,
            "heartbeat": f"{duration(self.seconds_since_heartbeat)} ago",
            "key": self.key,
        }


@dataclass(frozen=True)
class Status:
    """All stages below one `runs/`."""

    root: Path
    stages: Sequence[StageState]
    """Those that are not finished first."""

    @property
    def counts(self) -> dict[str, int]:
        """State -> number of stages, for every state."""
        counted = Counter(stage.state for stage in self.stages)
        return {state: counted[state] for state in _STATES}

    def listed(self, *, with_finished: bool) -> list[StageState]:
        """The stages that are shown one by one."""
        return [stage for stage in self.stages if with_finished or stage.state != FINISHED]

    def lines(self) -> Iterator[str]:
        """Why stages failed, how many are in each state, and what a state means for those that did not finish."""
        for stage in self.stages:
            if stage.owner:
                yield f"{stage.stage}: {stage.owner}"
            if stage.message:
                yield f"{stage.stage}: {stage.message} (`bench show run {stage.key}` says more)"
        yield f"{self.root}: " + ", ".join(f"{number} {state}" for state, number in self.counts.items())
        for state, meaning in MEANINGS.items():
            if self.counts[state]:
                yield f"{state}: {meaning}"
        commands = Counter(stage.command for stage in self.stages if stage.state in MEANINGS)
        for command, number in commands.items():
            if command:
                yield f"goes on with {number} of them: {command}"

    def as_values(self, *, with_finished: bool) -> dict[str, Any]:
        """All of it for a program."""
        rows = [asdict(stage) for stage in self.listed(with_finished=with_finished)]
        return {"runs": str(self.root), "counts": self.counts, "stages": rows}


def status(store: RunStore) -> Status:
    """What every stage of a store is at; nothing is changed there."""
    now = time.time()
    keys = [f"{kind}/{path.name}" for kind in stages.kinds() for path in folders(store.root / kind)]
    commands = {key: each.line for each in reversed(sessions(store)) for key in each.stages}
    states = [stage_state(store, key, now, commands.get(key, "")) for key in keys]
    return Status(store.root, sorted(states, key=lambda each: (_STATES.index(each.state), each.stage, each.key)))


def stage_state(store: RunStore, key: str, now: float, command: str = "") -> StageState:
    """What one stage is at.

    Args:
        store: of `runs/`.
        key: of the stage.
        now: the time in seconds since the epoch.
        command: that planned it last.
    """
    record = store.record(key)
    state, holder = _state(store, key, record)
    beat = max(_last_written(store.folder(key)), 0.0 if holder is None else holder.beat)
    step, steps = _progress(store.folder(key), record)
    return StageState(
        state=state,
        stage=_title(store.folder(key)) or key,
        key=key,
        step=step,
        steps=steps,
        heartbeat=datetime.fromtimestamp(beat, UTC).isoformat(timespec="seconds"),
        seconds_since_heartbeat=max(0.0, now - beat),
        attempts=0 if record is None else record.attempts,
        message=in_one_line(record) if record is not None and record.status == "failed" else "",
        owner="" if holder is None else str(holder),
        command=command,
    )


def _state(store: RunStore, key: str, record: StageRecord | None) -> tuple[str, Holder | None]:
    """A stage that is not finished runs while a living process holds its lease, and who that is."""
    if record is not None and record.status == "done":
        return FINISHED, None
    if (holder := store.holder(key)) is not None:
        return RUNNING, holder
    return STALE if record is None or record.status == "running" else record.status, None


def _title(folder: Path) -> str:
    """The stage's title of its lock file; empty where there is none. The rest, which may be long, is not read."""
    try:
        block = _TITLE.search(read_text(folder / LOCK))
        return "" if block is None else str(lock_values(block[0])["title"])
    except (OSError, ValueError, KeyError):
        return ""


def _last_written(folder: Path) -> float:
    times = [path.stat().st_mtime for name in _HEARTBEATS if (path := folder / name).exists()]
    return max(times, default=folder.stat().st_mtime)


def _progress(folder: Path, record: StageRecord | None) -> tuple[int | None, int | None]:
    """(last step, steps): as a running stage noted them, else as the log of a training has them."""
    if record is not None and record.status == "done":
        steps = record.summary.get("steps")
        return steps, steps
    noted = json_or_none(folder / PROGRESS)
    if isinstance(noted, Mapping):
        return noted.get("step"), noted.get("steps")
    return _logged_step(folder / "train.jsonl"), None


def _logged_step(path: Path) -> int | None:
    """The step of the last whole line of a training's log."""
    if not path.is_file():
        return None
    for line in reversed(path.read_text(encoding="utf-8", errors="replace").splitlines()):
        try:
            return parse_json(line)["step"]
        except (ValueError, KeyError, TypeError):
            continue  # the half line of a killed run
    return None
