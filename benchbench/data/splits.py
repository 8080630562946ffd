"""From raw rows by split to loaded examples: what the sources of files and of the hub share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from benchbench.core.errors import BenchError, suggestion
from benchbench.core.example import Example
from benchbench.core.source import Loaded, Reading
from benchbench.data.columns import SCORE
from benchbench.data.normalise import normalise
from benchbench.data.preference_order import PreferenceOrder
from benchbench.data.rows import KNOWN_COLUMNS, Row
from benchbench.data.serial import prompt_hash


def load_rows(
    rows: Mapping[str, Sequence[Row]],
    *,
    where: Mapping[str, str],
    rename: Mapping[str, str],
    columns: Sequence[str],
    holdout: Mapping[str, float] | None = None,
    holdout_from: str = "train",
    limit: Mapping[str, int],
    drop_missing: Sequence[str] = (),
    order: PreferenceOrder | None = None,
) -> Loaded:
    """Normalise every split, carve the held-out parts out of one of them, then cut to the limits.

    `where` says for each split of `rows` which file or data set it is from, for messages.

    Raises:
        BenchError: columns or splits that are not there, or a split without an example.
    """
    splits: dict[str, Sequence[Example]] = {}
    readings: dict[str, Reading] = {}
    for split, raw in rows.items():
        splits[split], readings[split] = normalise(
            raw,
            split=split,
            where=where[split],
            rename=rename,
            columns=columns,
            drop_missing=drop_missing,
            order=order,
        )
    if holdout:
        _carve_out(splits, readings, holdout, holdout_from)
    for split, count in limit.items():
        if split not in splits:
            raise BenchError(f"data.options.limit.{split}: expected one of {', '.join(splits)}")
        readings[split] = _noted(readings[split], "left out by limit", max(0, len(splits[split]) - count))
        splits[split] = splits[split][:count]
    return Loaded(splits, readings)


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
            readings[split] = Reading(len(examples), ordered=readings[origin].ordered)
    moved = sum(len(parts[split]) for split in shares)
    readings[origin] = _noted(readings[origin], "moved to held-out splits", moved)


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


def check_options(
    *,
    rename: Mapping[str, str],
    columns: Sequence[str],
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
    for name in drop_missing:
        if name not in (*columns, SCORE):
            raise ValueError(f"drop_missing: expected columns out of {', '.join((*columns, SCORE))}, got '{name}'")
    for split, count in limit.items():
        if count < 1:
            raise ValueError(f"limit.{split}: expected a number of examples >= 1, got {count}")
    for split, share in holdout.items():
        if not 0 < share < 1:
            raise ValueError(f"holdout.{split}: expected a fraction between 0 and 1, got {share}")
    if sum(holdout.values()) >= 1:
        raise ValueError(f"holdout: expected fractions that leave something, got a sum of {sum(holdout.values())}")
