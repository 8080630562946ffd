"""Flagged pairs: what is wrong with each, under one name, and a metric with and without them.

A pair has the first of these names that applies to either of its responses, so that the counts add up:

- `empty after truncation`: it was cut, and no token of a response is left to score;
- `empty`: a response is blank, or no token of it is scored, though nothing was cut;
- `cut to the same tokens`: both responses are the same tokens, and they were cut; what came after is not seen;
- `identical`: both responses are the same tokens, whole;
- `truncated`: a response was cut, and something of both is left;
- `overlong`: the scored range is not that of the response's own tokens (`overlong_mask: untruncated_prompt`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchbench.core.measurement import Array

if TYPE_CHECKING:
    import pandas as pd

NAMES = ("empty after truncation", "empty", "cut to the same tokens", "identical", "truncated", "overlong")
"""In the order of precedence; the names of single rows' flags are `scorings.FLAGS`."""


def name_flags(frame: pd.DataFrame, order: Sequence[int]) -> Array:
    """[n] the name of each pair's flag, empty without one.

    Args:
        frame: score rows.
        order: of the rows, so that two by two they are pairs.
    """

    def paired(column: str) -> Array:
        return np.asarray(frame[column])[list(order)].reshape(-1, 2)

    truncated, empty, overlong, same = (
        paired(flag).astype(bool) for flag in ("truncated", "empty", "overlong", "identical")
    )
    rules = (
        truncated & (paired("n_tokens") == 0),
        empty,
        same & truncated.any(axis=1, keepdims=True),
        same,
        truncated,
        overlong,
    )
    return np.select([rule.any(axis=1) for rule in rules], NAMES, default="")


def count_flags(names: Array) -> dict[str, int]:
    """How many pairs have each name, in the order of precedence; names that no pair has are not there."""
    return {name: int((names == name).sum()) for name in NAMES if (names == name).any()}


def in_words(counts: Mapping[str, int], n: int) -> str:
    """The counts for a reader, such as `3 identical, 12 truncated (of 100)`."""
    return ", ".join(f"{count} {name}" for name, count in counts.items()) + f" (of {n})"


@dataclass(frozen=True, kw_only=True)
class FlaggedRow:
    """One label under one metric and scoring: every pair, those without a flag, and those with one."""

    metric: str
    scoring: str
    candidate: str
    n: int
    """All pairs, those among them that the recipe leaves out."""
    counts: Mapping[str, int]
    """Pairs by the name of their flag."""
    every: tuple[float, ...]
    """[k] value of each seed over all pairs."""
    unflagged: tuple[float, ...]
    flagged: tuple[float, ...]
    unit: str

    @property
    def n_flagged(self) -> int:
        """Pairs with any flag."""
        return sum(self.counts.values())
