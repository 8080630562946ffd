"""The oracle that is not asked: for selectors that need no label, such as the demonstration against a draw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchbench.core.oracle import Oracle, OracleContext
from benchbench.core.rollout import Group, Labels


@dataclass(frozen=True)
class Options:
    """There are none."""


def label(options: Options, groups: Sequence[Group], context: OracleContext) -> Iterator[tuple[int, Labels]]:
    """No labels."""
    return iter(())


ORACLE = Oracle(name="none", options=Options, gives="nothing", label=label)
