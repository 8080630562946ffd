"""Leases: one process at a time holds a thing of a folder, which several machines may share.

`store.lease_files` has the files, and who may follow whom. A thread renews every lease of its process, and ends when
there is none.

An owner that was thought dead may come back. Before anything takes its name in what a lease guards (`store.files`), the
token in the lease is compared with the owner's own (`check`): what another process took over is not written to.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.store.lease_files import BEAT_SECONDS, FREE, Watch, followed, read_lease, remove_left_turns
from benchbench.store.processes import this_process

POLL_SECONDS = 0.05, 0.5
"""The first and the longest pause between two looks at a lease that another process holds."""


class LeaseLostError(BenchError):
    """Another process took over what this one held, since it counted as dead; nothing more is written there."""


@dataclass(eq=False)
class Lease:
    """A lease that this process holds."""

    path: Path
    guards: str
    """What is not written to once the lease is lost."""
    token: str
    handle: int
    """Of the file that we wrote, which a heartbeat must not mistake for another owner's."""
    is_lost: bool = False


@contextmanager
def hold(
    path: Path,
    *,
    guards: Path,
    should_stop: Callable[[], bool] = lambda: False,
    waiting: Callable[[str], None] = lambda line: None,
) -> Iterator[bool]:
    """Be the one process that holds a lease while the block lasts.

    Args:
        path: of the lease.
        guards: file or folder that is written to under it.
        should_stop: looked at while another process holds it.
        waiting: told once, in a line, for whom it waits; a wait that is over at the second look goes without saying.

    Yields:
        Whether it is ours; not where it was to stop.
    """
    lease = _waited_for(path, guards, should_stop, waiting)
    try:
        yield lease is not None
    finally:
        if lease is not None:
            let_go(lease)


def take(path: Path, *, guards: Path, about: Mapping[str, Any] | None = None) -> Lease | None:
    """Hold a lease from now on, until `let_go` or the end of the process; none where another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return _taken(path, guards, Watch(), about or {})


def check(path: Path) -> None:
    """Return only if nobody took over the lease that guards a path, where this process holds one.

    Raises:
        LeaseLostError: somebody did.
    """
    for lease in tuple(_held):
        if f"{os.path.abspath(path)}{os.sep}".startswith(lease.guards + os.sep) and not _is_still_ours(lease):
            now = read_lease(lease.path) or "another process"
            raise LeaseLostError(
                f"{lease.guards}: expected to hold it to the end, found that {now} took it over while this process "
                "gave no sign of life; it writes nothing there any more",
                exit_code=ExitCode.FAILED,
            )


def remove_leftovers(folder: Path) -> list[Path]:
    """Remove what processes that were killed while they took a lease have left beside it; returns what it was.

    Args:
        folder: of leases, there or not.
    """
    return remove_left_turns(folder, _text(secrets.token_hex(8), {}))


def is_lost(path: Path) -> bool:
    """Whether a heartbeat or a check has seen that another process took over what guards a path."""
    return any(lease.is_lost and lease.path == path for lease in tuple(_held))


def let_go(lease: Lease) -> None:
    """Free a lease; one that was lost stays as its new owner has it, since only our own file is touched."""
    with _lock:
        _held.remove(lease)
        with suppress(OSError):
            os.utime(lease.handle, (FREE, FREE))
        with suppress(OSError):  # a file system that keeps no such time has the file removed instead
            if os.fstat(lease.handle).st_mtime != FREE and _is_still_ours(lease):
                lease.path.unlink()
        os.close(lease.handle)
        if not _held:
            _at_rest.set()


_held: list[Lease] = []
"""Every lease of this process."""
_lock = threading.Lock()
_at_rest = threading.Event()
"""Set where there is no lease to beat for; the thread that beats ends then."""


def _forget() -> None:
    """A process that was forked holds nothing."""
    global _lock
    _held.clear()
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_forget)


def _hold_from_now(lease: Lease) -> None:
    global _at_rest
    with _lock:
        _held.append(lease)
        if len(_held) == 1:
            _at_rest = threading.Event()
            threading.Thread(target=_beat, args=(_at_rest,), name="leases", daemon=True).start()


def _beat(at_rest: threading.Event) -> None:
    """Renew what is held, and note what was lost."""
    while not at_rest.wait(BEAT_SECONDS):
        with _lock:
            for lease in _held:
                with suppress(OSError):  # the next beat may have more luck, and a check says the rest
                    if _is_still_ours(lease):
                        os.utime(lease.handle)


def _is_still_ours(lease: Lease) -> bool:
    holder = read_lease(lease.path)
    lease.is_lost = lease.is_lost or holder is None or holder.token != lease.token
    return not lease.is_lost


def _waited_for(
    path: Path, guards: Path, should_stop: Callable[[], bool], waiting: Callable[[str], None]
) -> Lease | None:
    path.parent.mkdir(parents=True, exist_ok=True)
    watch, pause, looks = Watch(), POLL_SECONDS[0], 0
    while (lease := _taken(path, guards, watch, {})) is None:
        looks += 1
        if looks == 2:
            waiting(f"waits for {read_lease(path) or 'another process'} ({guards})")
        if should_stop():
            return None
        time.sleep(pause)
        pause = min(2 * pause, POLL_SECONDS[1])
    return lease


def _text(token: str, about: Mapping[str, Any]) -> str:
    """A lease of this process, from now on."""
    since = datetime.now(UTC).isoformat(timespec="microseconds")
    values = {"owner": asdict(this_process()), "since": since, "token": token}
    return json.dumps(values | ({"about": about} if about else {}))


def _taken(path: Path, guards: Path, watch: Watch, about: Mapping[str, Any]) -> Lease | None:
    token = secrets.token_hex(8)
    if not followed(path, _text(token, about), watch):
        return None
    handle = os.open(path, os.O_RDWR)
    if token.encode() not in os.pread(handle, 4096, 0):  # this process was stopped just here, and counted as dead
        os.close(handle)
        return None
    lease = Lease(path, os.path.abspath(guards), token, handle)
    _hold_from_now(lease)
    return lease
