"""runs/leases/session-*: which commands are at work below a `runs/` folder, and what each of them plans.

A session is a lease with a name of its own. While its command lives, nothing that it plans to read is removed. Where a
command ended before all its stages did, the file stays and says which command goes on.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchbench.core.records import StageSpec
from benchbench.store.lease_files import LEASES, Holder, holder_of, may_be_held, read_lease
from benchbench.store.leases import Lease, let_go, take
from benchbench.store.processes import present_command
from benchbench.store.runs import RunStore

CLEANING = "cleaning"
"""Key of the lease under which things are removed."""
PLANNING, RUNNING = "planning", "running"
"""States of a session: what it is to read is not known yet, or is."""
_PREFIX = "session-"
_HASHES = re.compile(r"\b[0-9a-f]{16,64}\b")


@dataclass(frozen=True)
class PlanSession:
    """A command that ran stages, or runs them."""

    holder: Holder | None
    """Who runs it; none where it ended."""
    may_live: bool
    """Whether it is not known to have ended: its process may be stopped, or on another machine."""
    command: str
    """The command line; empty where it was no command."""
    folder: str
    """Working folder in which it was given."""
    since: str
    """When it began: ISO 8601, UTC."""
    stages: frozenset[str]
    """Keys of all stages of its plan."""
    names: frozenset[str]
    """Fingerprints and hashes that its plan names: prepared data, tokenizers, merged models, examples."""
    state: str
    """`PLANNING` or `RUNNING`."""
    path: Path

    @property
    def line(self) -> str:
        """The command as it is given again, from the folder in which it was given."""
        here = Path(self.folder) == Path.cwd()
        return self.command if here or not self.command else f"cd {shlex.quote(self.folder)} && {self.command}"


@contextmanager
def planning(store: RunStore) -> Iterator[None]:
    """Say that the command plans: that it may read any data, tokenizer, tokens and merged model.

    It does until it says what it planned (`running_plan`) or has ended; where there is no command, until the block has.
    Whoever is removing things at the moment is waited for. A folder that nobody may write to is only read: then nothing
    is said.
    """
    command = present_command()
    with ExitStack() as block:
        with suppress(OSError):
            lease = _begin(store, [], "" if command is None else command.line, PLANNING)
            (block if command is None else command.planned).callback(_end, store, lease)
            if store.holder(CLEANING) is not None:
                with store.claim(CLEANING):
                    pass
        yield


@contextmanager
def running_plan(store: RunStore, stages: Iterable[StageSpec]) -> Iterator[None]:
    """Say what is planned, until the command has ended that this is part of, else until the block has.

    Whoever is removing things at the moment is waited for.
    """
    command = present_command()
    with ExitStack() as block:
        lease = _begin(store, list(stages), "" if command is None else command.line)
        (block if command is None else command.ended).callback(_end, store, lease)
        if command is not None:
            command.planned.close()
        with store.claim(CLEANING):
            pass
        yield


def sessions(store: RunStore) -> list[PlanSession]:
    """All that are known, the newest first."""
    read = (_session(path) for path in (store.root / LEASES).glob(f"{_PREFIX}*") if ".after-" not in path.name)
    return sorted((each for each in read if each is not None), key=lambda each: each.since, reverse=True)


def names_in(text: str) -> frozenset[str]:
    """Every fingerprint and hash that a text names."""
    return frozenset(_HASHES.findall(text))


def _session(path: Path) -> PlanSession | None:
    lease = read_lease(path)
    try:
        about = {} if lease is None else lease.about
        return PlanSession(
            holder_of(path),
            may_be_held(path),
            str(about["command"]),
            str(about["folder"]),
            "" if lease is None else lease.since,
            frozenset(about["stages"]),
            frozenset(about["names"]),
            str(about.get("state", RUNNING)),
            path,
        )
    except (KeyError, TypeError):
        return None


def _begin(store: RunStore, stages: list[StageSpec], command: str, state: str = RUNNING) -> Lease:
    keys = [spec.key for spec in stages]
    text = json.dumps([spec.as_json() for spec in stages])
    about = {"command": command, "folder": os.getcwd(), "stages": keys, "names": sorted(names_in(text)), "state": state}
    path = store.root / LEASES / f"{_PREFIX}{secrets.token_hex(8)}"
    lease = take(path, guards=path, about=about)
    assert lease is not None, "nobody else has this name"
    for other in sessions(store):  # the same again, or a part of it, which this one goes on with
        is_over = not other.may_live or (other.holder is None and other.state == RUNNING)
        if other.path != path and is_over and other.stages <= set(keys):
            other.path.unlink(missing_ok=True)
    return lease


def _end(store: RunStore, lease: Lease) -> None:
    holder = read_lease(lease.path)
    keys = [] if holder is None else holder.about.get("stages", [])
    let_go(lease)
    if all(store.is_done(key) for key in keys):
        lease.path.unlink(missing_ok=True)
