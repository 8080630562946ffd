"""A run for a terminal: facts, the loss as a plot, every other curve as a line of blocks, settings."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchbench.core.records import StageRecord
from benchbench.report.sparkline import block_plot, column_means, sparkline

CURVE_COLUMNS = 20
"""Of a curve within a table."""
PLOT_LINES = 6
LAST_LINES = 3
"""Of the log of a stage that failed."""
_LEAST_PLOT = 10
_LABEL_WIDTH = 12
"""Characters that are kept free for the values beside a plot."""
"""Columns of a plot in the narrowest terminal."""
_NAMED_PACKAGES = ("benchbench", "torch", "transformers", "peft")
Points = Sequence[tuple[int, float]]
"""(step, value) of one logged number."""


def record_lines(record: StageRecord) -> Iterator[str]:
    """What a run took, and on what."""
    took = f"took: {record.seconds:.1f} s"
    if record.tokens and record.seconds:
        took += f", {record.tokens:,} tokens ({record.tokens / record.seconds:,.0f} a second)"
    if record.peak_memory_gib is not None:
        took += f", at most {record.peak_memory_gib:.2f} GiB"
    yield took
    about = record.environment
    packages = about.get("packages", {})
    parts = [f"{about.get('device', 'unknown device')} {about.get('device_name', '')}".strip()]
    parts += [f"threads {about['threads']}"] if "threads" in about else []
    parts += [
        f"{name} {packages[name]}" for name in _NAMED_PACKAGES if packages.get(name, "not installed")[0].isdigit()
    ]
    yield f"machine: {', '.join(parts)}"
    if record.resumed_environments:
        times = len(record.resumed_environments)
        yield f"resumed from a checkpoint: {'once' if times == 1 else f'{times} times'}"


def failure_lines(record: StageRecord, log: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The whole message of a stage that failed, as a traceback is, and the last lines that it logged."""
    text = record.message.strip().splitlines()
    if len(text) > 1:
        yield from ("", *text)
    if log:
        yield from ("", "last logged:", *(json.dumps(line, sort_keys=True) for line in log[-LAST_LINES:]))


def plot_lines(name: str, points: Points, width: int, *, blocks: str) -> list[str]:
    """The curve of one logged number with the values of its highest and lowest column beside it.

    Args:
        name: of the number.
        points: at least one.
        width: most characters of a line.
        blocks: a character per height, the lowest first.
    """
    values = [value for _, value in points]
    columns = column_means(values, max(_LEAST_PLOT, width - _LABEL_WIDTH - 1))
    finite = [value for value in columns if math.isfinite(value)]
    labels = [text(max(finite)), text(min(finite))] if finite else ["", ""]
    margin = max(map(len, labels)) + 1
    plot = block_plot(columns, len(columns), PLOT_LINES, blocks=blocks)
    beside = [labels[0], *[""] * (PLOT_LINES - 2), labels[1]]
    head = f"{name}: {text(values[0])} at step {points[0][0]}, {text(values[-1])} at step {points[-1][0]}"
    if len(columns) < len(values):
        head += f"; a column is the mean of up to {math.ceil(len(values) / len(columns))} logged steps"
    return [head, *(f"{label:>{margin}} {line}".rstrip() for label, line in zip(beside, plot, strict=True))]


def curve_rows(named: Mapping[str, Points], *, blocks: str) -> list[dict[str, str]]:
    """A row of a table per logged number."""
    return [_curve_row(name, [value for _, value in points], blocks) for name, points in named.items()]


def _curve_row(name: str, values: Sequence[float], blocks: str) -> dict[str, str]:
    finite = [value for value in values if math.isfinite(value)] or [math.nan]
    return {
        "logged": name,
        "first": text(values[0]),
        "last": text(values[-1]),
        "lowest": text(min(finite)),
        "highest": text(max(finite)),
        "curve": sparkline(values, CURVE_COLUMNS, blocks=blocks),
    }


def text(value: float) -> str:
    """A logged number with four significant digits."""
    return f"{value:.4g}"


def value_text(value: Any) -> str:
    """A setting as a recipe would have it, long ones whole."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str) and (value != " ".join(value.split()) or not value.isprintable()):
        return json.dumps(value, ensure_ascii=False)  # blanks and signs that a terminal would swallow
    return str(value)
