"""No network: the offline variables set, and every socket of this process held to this machine."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from benchbench.core.errors import BenchError, ExitCode

VARIABLES = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE")
_READ_AT_IMPORT = (
    ("huggingface_hub.constants", "HF_HUB_OFFLINE"),
    ("datasets.config", "HF_HUB_OFFLINE"),
    ("datasets.config", "HF_DATASETS_OFFLINE"),
)
"""Where the libraries keep what a variable said when they were imported."""
_TARGETS = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
    "socket.gethostbyaddr": 0,
    "socket.getnameinfo": 0,
}
"""Audit event -> which of its arguments names the other side."""

_given: list[str] = []
"""What forbids the network at the moment, innermost last."""
_hooked: list[bool] = []


class OfflineError(BenchError, ConnectionError):
    """A connection or look-up that `--offline` forbids.

    A ConnectionError too, so that a library that can do without the network takes it as having none.
    """

    def __init__(self, host: str, cause: str) -> None:
        super().__init__(
            f"{host}: {cause} forbids the network, and this is not this machine; leave {cause} out to go online",
            exit_code=ExitCode.UNAVAILABLE,
        )


@contextmanager
def offline(cause: str = "--offline") -> Iterator[None]:
    """Forbid the network while the block lasts: sockets in this process, the variables in it and its children.

    Names and addresses of this machine stay allowed, and so do unix sockets, over which workers are spoken to.
    Libraries that bring sockets of their own, not Python's, are held by the variables alone.

    Args:
        cause: the option or variable that the user set, for messages.
    """
    variables = {name: os.environ.get(name) for name in VARIABLES}
    before = {place: getattr(sys.modules[place[0]], place[1]) for place in _READ_AT_IMPORT if place[0] in sys.modules}
    if not _hooked:
        # an audit hook also sees what took `connect` or `getaddrinfo` before now; it cannot be removed, only idle
        sys.addaudithook(_audit)
        _hooked.append(True)
    os.environ.update(dict.fromkeys(VARIABLES, "1"))
    _tell_libraries(dict.fromkeys(_READ_AT_IMPORT, True))
    _given.append(cause)
    try:
        yield
    finally:
        _given.pop()
        for name, value in variables.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        # a library that was imported meanwhile goes by what the variables say now
        _tell_libraries(dict.fromkeys(_READ_AT_IMPORT, forbidden_by() is not None) | before)


def forbidden_by() -> str | None:
    """What forbids the network: `--offline` as given, or a variable as "NAME=value"; none where it is allowed."""
    if _given:
        return _given[-1]
    for name in VARIABLES:
        value = os.environ.get(name, "")
        if value.upper() in ("1", "ON", "YES", "TRUE"):
            return f"{name}={value}"
    return None


def _tell_libraries(values: Mapping[tuple[str, str], bool]) -> None:
    for (module, name), value in values.items():
        if module in sys.modules:
            setattr(sys.modules[module], name, value)


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what leaves this machine.

    Raises:
        OfflineError: another host's name or address.
    """
    if not _given or event not in _TARGETS:
        return
    target = arguments[_TARGETS[event]]
    if isinstance(target, tuple):
        target = target[0] if target else None
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        return  # a unix socket, or a datagram on a connected one
    host = target.decode("utf-8", "replace") if isinstance(target, bytes | bytearray) else target
    if isinstance(host, str) and not _is_here(host):
        raise OfflineError(host, _given[-1])


def _is_here(host: str) -> bool:
    """Whether a name or address is this machine's; nothing is looked up."""
    if host.lower().rstrip(".") in ("", "localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback or address.is_unspecified
