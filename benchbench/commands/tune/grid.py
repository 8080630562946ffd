"""Grids: the values that are tried for each key, and how a grid grows where its edge was chosen."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from benchbench.core.errors import BenchError, Fault
from benchbench.recipe.overrides import Override, parse_overrides

DIGITS = 6
"""Significant digits of a value that a grid grows by."""

Axis = tuple[Override, ...]
"""The values of one key, in the order in which they are preferred."""
Setting = tuple[Override, ...]
"""One value of every key."""


@dataclass(frozen=True)
class Widened:
    """A grid that has grown by at most one value on each axis."""

    axes: tuple[Axis, ...]
    added: tuple[Override, ...]
    """The new values; none where the chosen ones lie inside."""
    notes: tuple[str, ...]
    """Where a value at an edge was chosen and the grid could not grow, and why."""


def parse_grid(texts: Sequence[str]) -> tuple[Axis, ...]:
    """`key=v1,v2,v3` texts to an axis each.

    Raises:
        BenchError: a text without key or with fewer than two values, or a key that is given twice; all at once.
    """
    axes: list[Axis] = []
    faults: list[Fault] = []
    for text in texts:
        key, _, values = text.partition("=")
        parts = values.split(",")
        if len(parts) < 2:
            faults.append(Fault(f"--grid {text}", "expected key=v1,v2,..., with two values or more"))
        elif any(axis[0].key == key for axis in axes):
            faults.append(Fault(f"--grid {text}", f"'{key}' has an axis already; give all of its values at once"))
        else:
            axes.append(tuple(parse_overrides([f"{key}={part}"])[0] for part in parts))
    if faults or not axes:
        raise BenchError.of_faults("command line", faults or [Fault("--grid", "required, not given")])
    return tuple(axes)


def settings_of(axes: Sequence[Axis]) -> list[Setting]:
    """Every combination of the axes' values, the last key varying fastest."""
    return list(itertools.product(*axes))


def widen(axes: Sequence[Axis], chosen: Setting) -> Widened:
    """One more value, by the grid's own ratio, on each axis whose first or last value was chosen.

    Args:
        axes: of the grid.
        chosen: one value of every axis, in their order.
    """
    grown: list[Axis] = []
    added: list[Override] = []
    notes: list[str] = []
    for axis, value in zip(axes, chosen, strict=True):
        places = {0: (axis[0], axis[1]), len(axis) - 1: (axis[-1], axis[-2])}
        edge, inner = places.get(axis.index(value), (None, None))
        if edge is None or inner is None:
            grown.append(axis)
            continue
        number = _beyond(edge.value, inner.value)
        if number is None:
            grown.append(axis)
            notes.append(f"{value.text} is at the edge of its axis, which has no ratio to grow by: not widened")
            continue
        new = Override(axis[0].key, number)
        grown.append((new, *axis) if value == axis[0] else (*axis, new))
        added.append(new)
    return Widened(tuple(grown), tuple(added), tuple(notes))


def edge_notes(axes: Sequence[Axis], chosen: Setting, *, widened: bool) -> tuple[str, ...]:
    """A warning for each number that was chosen at the edge of its axis, beyond which nothing was tried.

    Args:
        axes: of the grid.
        chosen: one value of every axis, in their order.
        widened: the grid has grown once already.
    """
    notes: list[str] = []
    for axis, value in zip(axes, chosen, strict=True):
        numeric = sorted(
            (other for other in axis if _is_number(other.value)), key=lambda other: float(str(other.value))
        )
        if len(numeric) < len(axis) or value not in (numeric[0], numeric[-1]):
            continue
        end = "smallest" if value == numeric[0] else "largest"
        more = "give a wider grid" if widened else "--widen adds one value beyond it, or give a wider grid"
        notes.append(f"{value.text} is the {end} value of its axis, so a better one may lie beyond; {more}")
    return tuple(notes)


def _beyond(edge: object, inner: object) -> float | None:
    """The value as far beyond the edge as the edge is from its neighbour, in ratio; none where there is no ratio."""
    if not (_is_number(edge) and _is_number(inner)) or edge == inner:
        return None
    outside, inside = float(str(edge)), float(str(inner))
    if outside * inside <= 0:
        return None
    return float(f"{outside * outside / inside:.{DIGITS}g}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
