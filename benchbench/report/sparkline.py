"""Curves for a terminal: a line of blocks, or a plot of several lines, from the numbers of a log."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.:-=+*#"
"""Eight heights for a terminal that has no blocks."""
NOT_FINITE = "!"
"""Stands where a value is no finite number."""


def sparkline(values: Sequence[float], width: int, *, blocks: str = BLOCKS) -> str:
    """A curve in one line, from the lowest value to the highest; a constant one is a line in the middle.

    Args:
        values: in order; more of them than columns are put together by their mean.
        width: most columns.
        blocks: a character per height, the lowest first.
    """
    columns = column_means(values, width)
    finite = [value for value in columns if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 0.0)
    return "".join(
        blocks[_height(value, low, high, len(blocks))] if math.isfinite(value) else NOT_FINITE for value in columns
    )


def block_plot(values: Sequence[float], width: int, height: int, *, blocks: str = BLOCKS) -> list[str]:
    """A curve in several lines, the highest value in the topmost and the lowest in the last.

    Args:
        values: in order; more of them than columns are put together by their mean.
        width: most columns.
        height: lines.
        blocks: a character per height within a line, the lowest first.
    """
    columns = column_means(values, width)
    finite = [value for value in columns if math.isfinite(value)]
    if not finite:
        return [" " * len(columns)] * (height - 1) + [NOT_FINITE * len(columns)]
    low, high, steps = min(finite), max(finite), len(blocks)
    levels = [_height(v, low, high, steps * height) if math.isfinite(v) else None for v in columns]
    lines: list[str] = []
    for line in reversed(range(height)):
        cells = [_cell(level, line * steps, blocks, is_last=line == 0) for level in levels]
        lines.append("".join(cells).rstrip())
    return lines


def _cell(level: int | None, floor: int, blocks: str, *, is_last: bool) -> str:
    """What one column shows in the line that begins at a height."""
    if level is None:
        return NOT_FINITE if is_last else " "
    return " " if level < floor else blocks[min(level - floor, len(blocks) - 1)]


def column_means(values: Sequence[float], width: int) -> list[float]:
    """At most `width` values: each the mean of its share, or not finite where one of them is not."""
    count = min(len(values), max(1, width))
    edges = [round(k * len(values) / count) for k in range(count + 1)] if count else []
    shares = [values[start:end] for start, end in zip(edges, edges[1:], strict=False)]
    return [fmean(share) if all(map(math.isfinite, share)) else math.nan for share in shares]


def _height(value: float, low: float, high: float, steps: int) -> int:
    """From 0 to steps - 1; the middle where all values are equal."""
    if high <= low:
        return (steps - 1) // 2
    return min(steps - 1, int((value - low) / (high - low) * steps))
