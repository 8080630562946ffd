"""Files that say who holds what of a folder, which several machines may share, and the one way to change them.

A lease is a file that names its owner, and its time of change is the owner's heartbeat. Who wants a lease whose owner
let go, or is dead, follows it. An owner on this machine is dead when its process is gone; one on another machine, or
one that was stopped, when its heartbeat is `LEASE_SECONDS` old by the clock of the file system, and was watched to stay
as it is meanwhile, so that a clock that jumps and a machine that slept make nobody dead. Two processes never follow the
same owner: who follows first makes a file with the owner's token in its name, which can be made once.
"""

from __future__ import annotations

import errno
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchbench.core.json_text import parse_json
from benchbench.store.disk import placed
from benchbench.store.drafts import FORGOTTEN_SECONDS, draft_prefix
from benchbench.store.processes import Life, ProcessName, life_of

LEASES, RESULT_LEASES = "leases", ".leases"
"""Folder below `runs/`, and below `results/`, that says who holds what."""
BEAT_SECONDS = 5.0
"""Between two heartbeats."""
LEASE_SECONDS = 60.0
"""After so long without a heartbeat an owner of whose process nothing is known counts as dead."""
FREE = 0.0
"""The time of change of a lease that its owner let go."""
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES, errno.EXDEV)
"""What file systems say that have no hard links, or none between two folders or mounts."""


@dataclass(frozen=True)
class Holder:
    """What a lease says, and how old its heartbeat is."""

    owner: ProcessName | None
    """None where the file cannot be read, as in the moment in which it is made."""
    since: str
    """When the owner got it: ISO 8601, UTC, by the owner's clock."""
    token: str
    """Of this one time that it was held."""
    beat: float
    """Time of the last heartbeat, by the clock of the file system."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What else the owner wrote into it."""

    def __str__(self) -> str:
        if self.owner is None:
            return "another process"
        return f"{self.owner}, running since {self.since[:19].replace('T', ' ')} UTC"


def holder_of(path: Path) -> Holder | None:
    """Who holds a lease now; none where it is free, or its owner is dead as far as one look can tell."""
    holder = read_lease(path)
    return None if holder is None or is_over(holder, path.parent, lambda _: 2 * BEAT_SECONDS) else holder


def may_be_held(path: Path) -> bool:
    """Whether somebody may hold a lease: it was not let go, and its owner is not known to be gone.

    Unlike to `holder_of`, an owner that is stopped may come back, however old its heartbeat is, and one elsewhere until
    it is forgotten.
    """
    holder = read_lease(path)
    if holder is None or holder.beat == FREE:
        return False
    life = Life.UNKNOWN if holder.owner is None else life_of(holder.owner)
    if life is Life.UNKNOWN:
        return holder.beat + FORGOTTEN_SECONDS > time.time()
    return life is not Life.GONE


def read_lease(path: Path) -> Holder | None:
    """What a lease says, whether its owner lives or not; none where there is none."""
    try:
        # opened each time: another machine's view of a file is only then a fresh one; a pipe is not waited for
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            beat, text = os.fstat(file.fileno()).st_mtime, file.read()
    except FileNotFoundError:
        return None
    try:
        values = parse_json(text)
        owner = ProcessName(**values["owner"])
        return Holder(owner, values["since"], values["token"], beat, values.get("about", {}))
    except (ValueError, KeyError, TypeError):
        return Holder(None, "", "unread", beat)


class Watch:
    """How long a process has seen heartbeats stay as they are, by a clock that nobody sets."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, float], float] = {}

    def seconds(self, holder: Holder) -> float:
        """Since this heartbeat was first seen."""
        now = time.monotonic()
        return now - self._first.setdefault((holder.token, holder.beat), now)


def is_over(holder: Holder, folder: Path, watched: Callable[[Holder], float]) -> bool:
    """Whether a lease may be followed: it was let go, or its owner is dead.

    Args:
        holder: what the lease says.
        folder: in which it lies.
        watched: for how many seconds its heartbeat was seen to stay as it is.
    """
    if holder.beat == FREE:
        return True
    life = Life.UNKNOWN if holder.owner is None else life_of(holder.owner)
    if life in (Life.ALIVE, Life.GONE):
        return life is Life.GONE
    seconds = watched(holder)
    if seconds >= LEASE_SECONDS:
        return True
    return seconds >= 2 * BEAT_SECONDS and _clock(folder) - holder.beat > LEASE_SECONDS


def _clock(folder: Path) -> float:
    """The time by the clock of the file system: that of a file which is written now."""
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=draft_prefix(folder / "clock"))
    except OSError:  # who only looks may be allowed no more than that
        return time.time()
    try:
        os.utime(handle)
        return os.fstat(handle).st_mtime
    finally:
        os.close(handle)
        os.unlink(name)


def followed(path: Path, text: str, watch: Watch) -> bool:
    """Put a lease in its place where there is none, or one that is over; of several processes one does.

    Whoever made the file that is named after the owner before is the only one to change the lease, unless that owner
    was followed already, which is looked at again. One that died in between has left a lease of its own: that file.
    """
    holder = read_lease(path)
    if holder is not None and not is_over(holder, path.parent, watch.seconds):
        return False
    before = None if holder is None else holder.token
    turn = path.with_name(f"{path.name}.after-{before or 'nobody'}")
    with _draft(path, text) as draft:
        if not (_made(turn, draft, text) or followed(turn, text, watch)):
            return False
        try:
            holder = read_lease(path)
            if (None if holder is None else holder.token) != before:
                return False
            draft.replace(path)
            return True
        finally:
            turn.unlink(missing_ok=True)


def remove_left_turns(folder: Path, text: str) -> list[Path]:
    """Remove the files by which processes that are gone followed an owner, and were killed before they removed them.

    Such a file is itself followed first, as who wants to follow the same owner would do, so that nobody else has it
    while it goes. One whose process lives, or of which nothing is known, stays.

    Args:
        folder: of leases.
        text: a lease of this process, for the moment in which it has the file.

    Returns:
        What was removed.
    """
    removed: list[Path] = []
    for turn in sorted(folder.glob("[!.]*.after-*"), key=lambda path: -len(path.name)):
        holder = read_lease(turn)
        if holder is None or holder.owner is None or life_of(holder.owner) is not Life.GONE:
            continue
        if followed(turn, text, Watch()):
            turn.unlink(missing_ok=True)
            removed.append(turn)
    return removed


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    with placed(path):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=draft_prefix(path))
    draft = Path(name)
    try:
        with placed(path):
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            draft.chmod(0o644)
        yield draft
    finally:
        draft.unlink(missing_ok=True)


def _made(turn: Path, draft: Path, text: str) -> bool:
    """Whether a file could be made that nobody else has made; a hard link is whole at once, on every machine."""
    try:
        os.link(draft, turn)
        return True
    except FileExistsError:
        return draft.stat().st_nlink > 1  # it was made, and a network lost the answer
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
    try:
        with placed(turn), turn.open("x", encoding="utf-8") as file:
            file.write(text)
        return True
    except FileExistsError:
        return False
    except OSError:
        turn.unlink(missing_ok=True)  # ours, and half of it
        raise
