"""From raw rows by split to loaded examples: what the sources of files and of the hub share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from benchbench.core.errors import BenchError, suggestion
from benchbench.core.example import Example
from benchbench.core.shown_text import name_fault, require_name
from benchbench.core.source import LoadedSplits, Reading
from benchbench.data.column_shape import SCORE
from benchbench.data.columns import TOOL_FIELDS, check_ignored
from benchbench.data.normalise import normalise
from benchbench.data.preference_order import PreferenceOrder, PreferredBy
from benchbench.data.rows import KNOWN_COLUMNS, Row
from benchbench.data.serial import prompt_hash

MOVED = "moved to held-out splits"
"""What a reading notes of examples that are in another split now."""


def load_rows(
    rows: Mapping[str, Sequence[Row]],
    *,
    where: Mapping[str, str],
    rename: Mapping[str, str],
    columns: Sequence[str],
    ignore: Sequence[str] = (),
    on_tool_calls: str = "error",
    holdout: Mapping[str, float] | None = None,
    holdout_from: str = "train",
    limit: Mapping[str, int],
    drop_missing: Sequence[str] = (),
    order: PreferenceOrder | None = None,
) -> LoadedSplits:
    """Normalise every split, carve the held-out parts out of one of them, then cut to the limits.

    `where` says for each split of `rows` which file or data set it is from, for messages.

    Raises:
        BenchError: columns or splits that are not there, or a split without an example.
    """
    check_ignored(rows, ignore)
    splits: dict[str, Sequence[Example]] = {}
    readings: dict[str, Reading] = {}
    faults: list[str] = []
    for split, raw in rows.items():
        try:
            require_name(split, where=f"{where[split]}: a split's name")
            splits[split], readings[split] = normalise(
                raw,
                split=split,
                where=where[split],
                rename=rename,
                columns=columns,
                ignore=ignore,
                on_tool_calls=on_tool_calls,
                drop_missing=drop_missing,
                order=order,
            )
        except BenchError as error:
            faults.append(str(error))
    if faults:
        raise BenchError("\n".join(dict.fromkeys(faults)))
    if holdout:
        _carve_out(splits, readings, holdout, holdout_from)
    for split, count in limit.items():
        if split not in splits:
            raise BenchError(f"data.options.limit.{split}: expected one of {', '.join(splits)}")
        readings[split] = _noted(readings[split], "left out by limit", max(0, len(splits[split]) - count))
        splits[split] = splits[split][:count]
    return LoadedSplits(splits, readings)


def _carve_out(
    splits: dict[str, Sequence[Example]],
    readings: dict[str, Reading],
    shares: Mapping[str, float],
    origin: str,
) -> None:
    if origin not in splits:
        raise BenchError(f"data.options.holdout_from: expected one of {', '.join(splits)}, got '{origin}'")
    if taken := [split for split in shares if split in splits]:
        raise BenchError(f"data.options.holdout: expected new splits, got {', '.join(taken)}, which the data has")
    parts: dict[str, list[Example]] = {split: [] for split in (origin, *shares)}
    for example in splits[origin]:
        parts[_part(example, shares) or origin].append(example)
    for split, examples in parts.items():
        if not examples:
            raise BenchError(f"data.options.holdout: split '{split}' gets no example; change the fractions")
        splits[split] = tuple(examples)
        if split != origin:
            origin_reading = readings[origin]
            readings[split] = Reading(len(examples), not_read=origin_reading.not_read, ordered=origin_reading.ordered)
    moved = sum(len(parts[split]) for split in shares)
    readings[origin] = _noted(readings[origin], MOVED, moved)


def _noted(reading: Reading, note: str, count: int) -> Reading:
    return replace(reading, notes={**reading.notes, note: count})


def _part(example: Example, shares: Mapping[str, float]) -> str | None:
    """The held-out split of an example's prompt; equal prompts go together, and the order of `shares` is nothing."""
    fraction = int(prompt_hash(example.prompt)[:13], 16) / 16**13
    for split in sorted(shares):
        if fraction < shares[split]:
            return split
        fraction -= shares[split]
    return None


class RowOptions(Protocol):
    """What the sources of files and of the hub let a recipe say of the rows they read."""

    @property
    def rename(self) -> Mapping[str, str]:
        """Our column name -> the source's."""
        ...

    @property
    def columns(self) -> Sequence[str]:
        """Further numeric columns to keep."""
        ...

    @property
    def ignore_columns(self) -> Sequence[str]:
        """Columns and fields that are left out."""
        ...

    @property
    def on_tool_calls(self) -> str:
        """What becomes of rows with tools."""
        ...

    @property
    def drop_missing(self) -> Sequence[str]:
        """Columns without whose numbers a row is dropped."""
        ...

    @property
    def preferred_by(self) -> PreferredBy:
        """What says which candidate is preferred."""
        ...

    @property
    def max_contradicted(self) -> float:
        """Share of rated rows that may contradict the order."""
        ...

    @property
    def limit(self) -> Mapping[str, int]:
        """Split -> number of its first examples to keep."""
        ...


def row_options(options: RowOptions) -> dict[str, Any]:
    """A source's options as the arguments of `load_rows`."""
    return {
        "rename": options.rename,
        "columns": options.columns,
        "ignore": options.ignore_columns,
        "on_tool_calls": options.on_tool_calls,
        "limit": options.limit,
        "drop_missing": options.drop_missing,
        "order": PreferenceOrder(options.preferred_by, options.max_contradicted),
    }


def check_row_options(options: RowOptions, *, holdout: Mapping[str, float]) -> None:
    """Check a source's options as far as that does not need the data.

    Raises:
        ValueError: "option: expected ..., got ...".
    """
    PreferenceOrder(options.preferred_by, options.max_contradicted)
    check_options(
        rename=options.rename,
        columns=options.columns,
        ignore_columns=options.ignore_columns,
        limit=options.limit,
        holdout=holdout,
        drop_missing=options.drop_missing,
    )


def check_options(
    *,
    rename: Mapping[str, str],
    columns: Sequence[str],
    ignore_columns: Sequence[str] = (),
    limit: Mapping[str, int],
    holdout: Mapping[str, float],
    drop_missing: Sequence[str] = (),
) -> None:
    """Check what does not need the data.

    Raises:
        ValueError: "option: expected ..., got ...".
    """
    for ours in rename:
        if ours not in (*KNOWN_COLUMNS, *columns):
            raise ValueError(
                f"rename: expected one of {', '.join((*KNOWN_COLUMNS, *columns))}, got '{ours}'."
                f"{suggestion(ours, (*KNOWN_COLUMNS, *columns))}"
            )
    for name in columns:
        if name in (*KNOWN_COLUMNS, "score") or list(columns).count(name) > 1:
            raise ValueError(f"columns: expected distinct names of further columns, got '{name}'")
    _check_ignored(ignore_columns, {*rename.values(), *columns})
    for name in drop_missing:
        if name not in (*columns, SCORE):
            raise ValueError(f"drop_missing: expected columns out of {', '.join((*columns, SCORE))}, got '{name}'")
    for split, count in limit.items():
        if count < 1:
            raise ValueError(f"limit.{split}: expected a number of examples >= 1, got {count}")
    for split, share in holdout.items():
        if fault := name_fault(split):
            raise ValueError(f"holdout: {fault}")
        if not 0 < share < 1:
            raise ValueError(f"holdout.{split}: expected a fraction between 0 and 1, got {share}")
    if sum(holdout.values()) >= 1:
        raise ValueError(f"holdout: expected fractions that leave something, got a sum of {sum(holdout.values())}")


def _check_ignored(names: Sequence[str], wanted: set[str]) -> None:
    for name in names:
        if names.count(name) > 1 or name in wanted:
            raise ValueError(f"ignore_columns: expected distinct names that no other option reads, got '{name}'")
        if name.rpartition(".")[2] in TOOL_FIELDS:
            raise ValueError(
                f"ignore_columns: expected columns and fields other than those of tools, got '{name}'; "
                "set on_tool_calls: drop to leave out rows with tool calls"
            )
