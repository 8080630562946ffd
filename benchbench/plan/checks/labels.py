"""Columns of labels that a selector reads and the oracle does not make; for rounds and online."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchbench import oracles
from benchbench.core.errors import Fault
from benchbench.core.oracle import Oracle
from benchbench.core.selector import Selector


def label_column_faults(where: str, selector: Selector, options: Any, oracle: Oracle) -> Iterator[Fault]:
    """What every group would lack, so that none gave a row.

    Args:
        where: `rounds` or `online`.
        selector: of that section.
        options: the selector's, bound.
        oracle: of that section; one that gives nothing is refused elsewhere.
    """
    if oracle.gives == "nothing":
        return
    for column in selector.reads_columns(options):
        if column in oracle.makes_columns:
            continue
        making = [name for name in oracles.names() if column in oracles.get(name).makes_columns]
        message = f"'{selector.name}' reads the label column '{column}', which oracle '{oracle.name}' does not make"
        hint = f"; oracles that make it: {', '.join(making)}" if making else "; no oracle makes it, take another"
        yield Fault(f"{where}.selector.options", f"{message}{hint}")
