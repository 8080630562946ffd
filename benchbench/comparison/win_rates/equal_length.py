"""What a win rate at equal length rests on: contests of nearly equal length, and whether it was seen at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.measurement import Array

NEAR = 0.1
"""Texts are of nearly equal length where they differ by less than this share of their mean length."""
LEAST, LEAST_SHARE = 10, 0.05
"""With fewer nearly equal contests than either, equal length is called an extrapolation."""
_CENTRAL = (0.025, 0.975)
"""Quantiles of the differences in length that equal length is to lie between."""


@dataclass(frozen=True)
class Support:
    """The judged contests around equal length, of all seeds together."""

    contests: int
    near: int
    """Contests of nearly equal length."""
    near_win_rate: float
    """Raw mean outcome of those, a fraction; NaN without any."""
    outside: bool
    """Equal length lies outside the central 95 % of the differences of some seed."""

    @property
    def warning(self) -> str:
        """Why the number is an extrapolation; empty where it is none."""
        few = self.near < max(LEAST, LEAST_SHARE * self.contests)
        if not self.contests or not (few or self.outside):
            return ""
        where = ", outside the central 95% of the differences in length" if self.outside else ""
        raw = "" if math.isnan(self.near_win_rate) else f", raw win rate {self.near_win_rate:.4f} there"
        return f"extrapolation{where}: {self.near} of {self.contests} contests are of nearly equal length{raw}"


def support(seeds: Sequence[tuple[Array, Array, Array]]) -> Support:
    """What there is around equal length.

    Args:
        seeds: of each, the judged contests' outcomes, the label's lengths and the opponent's.
    """
    outcomes: list[Array] = []
    total, outside = 0, False
    for outcome, length, opponent_length in seeds:
        difference = length - opponent_length
        near = (np.abs(difference) < NEAR * (length + opponent_length) / 2) | (difference == 0)
        outcomes.append(outcome[near])
        total += len(outcome)
        if len(outcome):
            low, high = np.quantile(difference, _CENTRAL)
            outside |= bool(low > 0 or high < 0)
    close = np.concatenate(outcomes)
    return Support(total, len(close), float(close.mean()) if len(close) else math.nan, outside)
