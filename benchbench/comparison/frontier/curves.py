"""Curves of a value over the KL to the start: points of every seed, and what lies between them.

A curve has several policies of one method, such as those of a sweep over beta or those after each round. Between two
neighbours, by their KL, the value is the straight line; beyond the first and the last nothing is said. The line is
that of every prompt, so the value at a KL is again a mean over prompts, and its differences are compared as those of
any other row, paired by seed and prompt (Rafailov et al., arXiv:2305.18290, figure 2, compares rewards at equal KL).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.measurement import Array


@dataclass(frozen=True, eq=False)
class Point:
    """One policy of a curve, at every seed.

    Raises:
        ValueError: shapes that differ, or a number that is not finite.
    """

    name: str
    """Label of its row, with its round where it is one of several."""
    kl: Array
    """[k, n] nats per response of each seed and prompt."""
    values: Array
    """[k, n] of the same seeds and prompts."""

    def __post_init__(self) -> None:
        if self.kl.shape != self.values.shape or self.kl.ndim != 2 or not self.kl.size:
            raise ValueError(f"{self.name}: expected [k, n] of both, got {self.kl.shape} and {self.values.shape}")
        if not (np.isfinite(self.kl).all() and np.isfinite(self.values).all()):
            raise ValueError(f"{self.name}: expected finite numbers; leave out prompts of which something is missing")

    @property
    def kl_of_seeds(self) -> Array:
        """[k] KL of each seed, nats per response."""
        return self.kl.mean(axis=1)


@dataclass(frozen=True, eq=False)
class Curve:
    """The policies of one method, one at least, in any order."""

    name: str
    points: Sequence[Point]
    start: Point | None = None
    """The policy that all start from, which is drawn beside the curve, and that nothing is interpolated to."""

    @property
    def ranges(self) -> Array:
        """[k, 2] smallest and largest KL of each seed."""
        kl = self._kl()
        return np.stack([kl.min(axis=0), kl.max(axis=0)], axis=1)

    @property
    def shared_range(self) -> tuple[float, float]:
        """The KL that every seed's points reach: largest of the smallest to smallest of the largest; may be empty."""
        ranges = self.ranges
        return float(ranges[:, 0].max()), float(ranges[:, 1].min())

    def reaches(self, kl: float) -> bool:
        """Whether every seed has points on both sides of this KL, or one there."""
        low, high = self.shared_range
        return low <= kl <= high

    def at(self, kl: float) -> Array:
        """[k, n] value of each seed and prompt at a KL, each seed between its own neighbours.

        Args:
            kl: nats per response, within `shared_range`.

        Raises:
            ValueError: beyond the range of a seed.
        """
        weights = np.stack([weights_at(of_seed, kl) for of_seed in self._kl().T])  # [k, p]
        values = np.stack([point.values for point in self.points])  # [p, k, n]
        return np.einsum("kp,pkn->kn", weights, values)

    def _kl(self) -> Array:
        """[p, k] KL of each point and seed."""
        return np.stack([point.kl_of_seeds for point in self.points])


def weights_at(kl: Array, at: float) -> Array:
    """[p] weights of points by which a value lies on the straight line between two neighbours; they sum to 1.

    Args:
        kl: [p] of the points, in any order. Points of equal KL count as one with their mean value.
        at: where, within the range of the points.

    Raises:
        ValueError: no points, or beyond their range.
    """
    if not len(kl) or not kl.min() <= at <= kl.max():
        raise ValueError(f"expected a KL within those of the points, got {at:g} and {np.sort(kl).tolist()}")
    levels = np.unique(kl)
    above = int(np.searchsorted(levels, at))  # the first level that is not below
    if levels[above] == at:
        return _evenly(kl == at)
    low, high = levels[above - 1], levels[above]
    share = (at - low) / (high - low)
    return (1 - share) * _evenly(kl == low) + share * _evenly(kl == high)


def _evenly(chosen: Array) -> Array:
    return chosen / chosen.sum()
