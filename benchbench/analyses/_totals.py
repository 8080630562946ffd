"""The row over all groups of a table, shared by exhibits of this room: no group of the data may have its name."""

from __future__ import annotations

from collections.abc import Iterable

from benchbench.core.errors import BenchError

ALL = "all"
"""Name of that row."""


def refuse_group_all(rows_of: str, column: str, groups: Iterable[object]) -> None:
    """Refuse a group that would be mixed with the row over all.

    Args:
        rows_of: name of the input.
        column: that names the groups.
        groups: the names that stand there.

    Raises:
        BenchError: one is `all`.
    """
    if ALL in groups:
        raise BenchError(f"{rows_of}: column '{column}': '{ALL}' names the row over all; call this group otherwise")
