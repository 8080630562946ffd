"""Versions of a host that runs stages with others: equal ones, or it is refused by name."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import benchbench
from benchbench.core.errors import BenchError, ExitCode
from benchbench.stages.environment import package_versions


def versions() -> dict[str, str]:
    """Of Python, of the packages that may move numbers, and of this package's code: equal on all hosts."""
    code, root = sha256(), Path(benchbench.__file__).parent
    for path in sorted(root.rglob("*.py")):
        code.update(f"{path.relative_to(root)} ".encode() + path.read_bytes())
    return {"python": platform.python_version(), **package_versions(), "benchbench's code": code.hexdigest()[:12]}


@dataclass(frozen=True)
class UnlikeHost:
    """A host that has other versions than the command's."""

    host: str
    versions: Mapping[str, str]
    """Name -> version there, of what differs."""


def unlike(host: str, there: Mapping[str, str], expected: Mapping[str, str]) -> UnlikeHost | None:
    """What a host has in the place of the expected versions; none where it has them all."""
    differing = {name: there.get(name, "none") for name in expected if there.get(name, "none") != expected[name]}
    return UnlikeHost(host, differing) if differing else None


def require_like_hosts(hosts: Sequence[tuple[str, Mapping[str, str]]], *, where: str, remedy: str) -> None:
    """Return only if all hosts have the versions of the first.

    Args:
        hosts: name and versions of each, the first one's first.
        where: what runs on them, for people.
        remedy: what else could be done than to install the same.

    Raises:
        BenchError: exit code 5; a host that would compute something else: which, and both versions.
    """
    expected = hosts[0][1]
    for host, there in hosts[1:]:
        if (other := unlike(host, there, expected)) is not None:
            raise refusal(other, expected, where=where, remedy=remedy)


def refusal(other: UnlikeHost, expected: Mapping[str, str], *, where: str, remedy: str) -> BenchError:
    """Why a host is refused."""
    each = [f"{name} {version} in the place of {expected[name]}" for name, version in other.versions.items()]
    return BenchError(
        f"{where}: expected the versions of this machine on every host, found on {other.host} {', '.join(each)}; "
        f"install the same there, or {remedy}",
        exit_code=ExitCode.UNAVAILABLE,
    )
