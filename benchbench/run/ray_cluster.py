"""The Ray cluster that a command's places are on: one that is there, or one that is started here for the command alone.

Ray is given as an argument: `run.ray` alone imports it.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchbench.core.errors import BenchError, ExitCode
from benchbench.store.files import write_text

START_ATTEMPTS = 3
"""How often it is tried to start a cluster: Ray gives its first processes 15 seconds, too few on a busy machine."""
_OBJECT_STORE_BYTES = 100 * 2**20
"""Of a cluster that is started here; nothing but events goes through it."""
TOKEN = ".ray/token"
"""File below `runs/` with the secret of clusters that are started here."""
_AUTH = ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_worker_niceness": "0",
    # a worker whose actor is gone sees that, and leaves a checkpoint
    "RAY_kill_child_processes_on_worker_exit": "false",
}


def set_variables(root: Path | None) -> None:
    """Set what Ray reads when it is imported; what is set already stays.

    Args:
        root: the `runs/` folder, where a cluster is to be started; none where it is there.
    """
    os.environ.update({name: os.environ.get(name, value) for name, value in _QUIET.items()})
    if root is not None:
        _own_token(root)


def join_cluster(ray: Any, address: str) -> None:
    """Join a cluster that is there.

    Raises:
        BenchError: nobody answers, or Ray refuses.
    """
    try:
        _init(ray, address=address)
    except Exception as error:  # Ray has no one kind for it
        raise _failed(f"to join the cluster {address}", error) from error


def start_cluster(ray: Any, **room: int) -> None:
    """Start a cluster on this machine, which ends with this process.

    Args:
        ray: the package.
        room: what it has, as Ray names it.

    Raises:
        BenchError: it does not start.
    """
    for attempt in range(START_ATTEMPTS):
        try:
            _init(ray, include_dashboard=False, object_store_memory=_OBJECT_STORE_BYTES, **room)
            return
        except Exception as error:
            ray.shutdown()
            if attempt + 1 == START_ATTEMPTS:
                raise _failed("to start a cluster on this machine", error) from error


def no_room(ray: Any, room: Mapping[str, float], *, seconds: float) -> str:
    """What was asked of the cluster, and what there is.

    Args:
        ray: the package, which has joined the cluster.
        room: what a place takes, as Ray names it.
        seconds: how long was waited.
    """
    place = f"{room['CPU']:g} CPU{'s' if room['CPU'] > 1 else ''}"
    place += " and a GPU" if "GPU" in room else ""
    place += f" and {room['memory'] / 2**30:.1f} GiB" if "memory" in room else ""
    hosts = _hosts(ray)
    each = [_resources(host) for host in hosts]
    return (
        f"--executor ray: expected room for a place with {place} within {seconds:.0f} s, found none; the "
        f"cluster has {len(hosts)} host{'' if len(hosts) == 1 else 's'} ({'; '.join(each) or 'nothing'}), of which "
        f"{_resources(ray.available_resources())} are free; ask for fewer with --workers, or for more hosts"
    )


def lacks_memory_alone(ray: Any, room: Mapping[str, float]) -> bool:
    """Whether a host is large enough for a place, and all that is not free of what it takes is memory."""
    is_large_enough = any(all(host.get(name, 0) >= most for name, most in room.items()) for host in _hosts(ray))
    free = ray.available_resources()
    lacking = {name for name, amount in room.items() if free.get(name, 0) < amount}
    return is_large_enough and "memory" in room and lacking <= {"memory"}


def _hosts(ray: Any) -> list[Mapping[str, float]]:
    """What each living host of the cluster has."""
    return [node.get("Resources", {}) for node in ray.nodes() if node.get("Alive")]


def _resources(amounts: Mapping[str, float]) -> str:
    cores = [f"{amounts.get(name, 0):g} {name}s" for name in ("CPU", "GPU")]
    return ", ".join([*cores, f"{amounts.get('memory', 0) / 2**30:.1f} GiB"])


def _init(ray: Any, **how: Any) -> None:
    with _signals_as_they_are():
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **how)


def _failed(what: str, error: Exception) -> BenchError:
    said = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return BenchError(f"--executor ray: expected {what}, which failed: {said}", exit_code=ExitCode.UNAVAILABLE)


@contextmanager
def _signals_as_they_are() -> Iterator[None]:
    """Put back what hears signals after a block in which Ray takes them for itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _own_token(root: Path) -> None:
    """Have who joins a cluster that is started here know a secret, which Ray would keep in the user's home."""
    if any(name in os.environ for name in _AUTH):
        return
    path = root / TOKEN
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)  # before the secret is there
    if not path.is_file():
        write_text(path, secrets.token_hex(32))
        path.chmod(0o600)
    os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": str(path)}
