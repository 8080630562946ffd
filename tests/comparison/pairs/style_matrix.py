"""How often a score prefers the better text: on labelled pairs, and across styles (RM-Bench)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchbench.core.measurement import Array


@dataclass(frozen=True, kw_only=True)
class Preferred:
    """Accuracy of a score on labelled pairs; fractions."""

    strict: float
    """A tie is wrong, as in RewardBench, RM-Bench and JudgeBench; NaN without pairs."""
    half: float
    """A tie is one half."""
    tie_rate: float
    low: float
    """Lower bound of the Wilson interval of `strict`."""
    high: float
    n: int


@dataclass(frozen=True, kw_only=True, eq=False)
class StyleMatrix:
    """Accuracy of a score where chosen and rejected texts are written in several styles, from plain to adorned."""

    matrix: Array
    """[styles, styles] share of prompts whose chosen text of style i scores strictly above the rejected of style j."""
    n: int
    """Number of prompts."""

    @property
    def hard(self) -> float:
        """Mean above the diagonal: a plainer chosen text against a more adorned rejected one."""
        return self._mean(np.triu_indices(len(self.matrix), 1))

    @property
    def normal(self) -> float:
        """Mean of the diagonal: the same style on both sides."""
        return float(np.diagonal(self.matrix).mean())

    @property
    def easy(self) -> float:
        """Mean below the diagonal: a more adorned chosen text against a plainer rejected one."""
        return self._mean(np.tril_indices(len(self.matrix), -1))

    @property
    def score(self) -> float:
        """Mean of the three, the score of a domain."""
        return (self.hard + self.normal + self.easy) / 3

    def _mean(self, places: tuple[Array, ...]) -> float:
        return float(self.matrix[places].mean())


def preferred(better: Array, worse: Array, *, level: float = 0.95) -> Preferred:
    """How often the better response of a pair scores higher.

    Args:
        better: [n] scores of the responses that the label prefers.
        worse: [n] scores of the others.
        level: coverage of the interval, in (0, 1); pairs are taken as independent.

    Raises:
        ValueError: arrays of different shapes, or a score that is not finite.
    """
    _check(better, worse, dimensions=1)
    n, right, tied = len(better), int((better > worse).sum()), int((better == worse).sum())
    if n == 0:
        nan = math.nan
        return Preferred(strict=nan, half=nan, tie_rate=nan, low=nan, high=nan, n=0)
    interval = stats.binomtest(right, n).proportion_ci(level, method="wilson")
    return Preferred(
        strict=right / n,
        half=(right + tied / 2) / n,
        tie_rate=tied / n,
        low=float(interval.low),
        high=float(interval.high),
        n=n,
    )


def style_matrix(chosen: Array, rejected: Array) -> StyleMatrix:
    """Accuracy for every pair of styles (RM-Bench, 2410.16184; evaluation.md E3).

    Args:
        chosen: [n, styles] scores of the chosen text in each style, plainest first.
        rejected: [n, styles] scores of the rejected text in the same styles.

    Raises:
        ValueError: arrays of different shapes, no prompts, fewer than two styles, or a score that is not finite.
    """
    _check(chosen, rejected, dimensions=2)
    if len(chosen) == 0 or chosen.shape[1] < 2:
        raise ValueError(f"expected scores of one prompt or more in two styles or more, got {chosen.shape}")
    return StyleMatrix(matrix=(chosen[:, :, None] > rejected[:, None, :]).mean(axis=0), n=len(chosen))


def by_domain(chosen: Array, rejected: Array, domain: Sequence[str]) -> Mapping[str, StyleMatrix]:
    """A style matrix per domain, sorted by its name.

    Args:
        chosen: [n, styles].
        rejected: [n, styles].
        domain: [n] name of each prompt's domain.
    """
    names = np.asarray(domain)
    return {str(name): style_matrix(chosen[names == name], rejected[names == name]) for name in np.unique(names)}


def total(matrices: Mapping[str, StyleMatrix]) -> float:
    """The plain mean of the domains' scores, however many prompts each has."""
    return float(np.mean([matrix.score for matrix in matrices.values()]))


def _check(one: Array, other: Array, *, dimensions: int) -> None:
    if one.shape != other.shape or one.ndim != dimensions:
        raise ValueError(f"expected two arrays of {dimensions} dimension(s), got {one.shape} and {other.shape}")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ValueError("a score is not finite")
