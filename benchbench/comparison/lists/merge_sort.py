"""Candidates ranked by merge sort with a pairwise judge, greedily or with a beam over what the judge is unsure of.

Liu et al. 2024, arXiv:2403.16950 (PairS); checked against cambridgeltl/PairS at 0c1f5d5, pairs/pairs_ranking.py, from
which two things differ on purpose: the best comes first, and a judge is asked about a pair once in a whole ranking.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Judge = Callable[[int, int], float]
"""(i, j) -> probability in [0, 1] that candidate i is better than candidate j."""
_LEAST = 1e-9
"""Added to a probability before its logarithm, as in the authors' code."""


@dataclass
class CountingJudge:
    """A judge that is asked about each unordered pair once; the other order is one minus what it said."""

    judge: Judge
    answers: dict[tuple[int, int], float] = field(default_factory=dict)

    @property
    def calls(self) -> int:
        """Times the judge was asked."""
        return len(self.answers)

    def __call__(self, i: int, j: int) -> float:
        """Probability that i is better than j."""
        if (j, i) in self.answers:
            return 1 - self.answers[j, i]
        if (i, j) not in self.answers:
            self.answers[i, j] = self.judge(i, j)
        return self.answers[i, j]


@dataclass(frozen=True)
class _Path:
    """A merge of two sorted lists that has come some way."""

    merged: tuple[int, ...]
    left: int
    right: int
    log_probabilities: tuple[float, ...]
    """Of the choices that a judge was asked for."""

    @property
    def mean(self) -> float:
        """Mean log-probability of its choices; 0 before the first."""
        return math.fsum(self.log_probabilities) / len(self.log_probabilities) if self.log_probabilities else 0.0


def rank(candidates: Sequence[int], judge: Judge, *, beam: int = 1, gap: float = 0.0) -> list[int]:
    """The candidates from best to worst.

    Args:
        candidates: numbers that the judge knows.
        judge: asked about pairs; `CountingJudge` counts how often.
        beam: merges that are followed at the same time; 1 is PairS-greedy.
        gap: both outcomes of a comparison are followed where the probability is within this of one half, in [0, 0.5).

    A merge of lists of m and n asks at most m + n - 1 times when beam is 1, so K candidates cost fewer than
    K log2 K calls for K a power of two.
    """
    if len(candidates) < 2:
        return list(candidates)
    middle = len(candidates) // 2
    left, right = (rank(half, judge, beam=beam, gap=gap) for half in (candidates[:middle], candidates[middle:]))
    return _merged(left, right, judge, beam, gap)


def most_calls(size: int) -> int:
    """Comparisons that merge sort of so many makes in the worst case."""
    if size < 2:
        return 0
    return most_calls(size // 2) + most_calls(size - size // 2) + size - 1


def _merged(left: Sequence[int], right: Sequence[int], judge: Judge, beam: int, gap: float) -> list[int]:
    paths = [_Path((), 0, 0, ())]
    for _ in range(len(left) + len(right)):
        further = [after for path in paths for after in _steps(path, left, right, judge, gap)]
        paths = sorted(further, key=lambda path: -path.mean)[:beam]
    return list(paths[0].merged)


def _steps(path: _Path, left: Sequence[int], right: Sequence[int], judge: Judge, gap: float) -> list[_Path]:
    """The paths that go on from one; the likelier first."""
    i, j = path.left, path.right
    if i == len(left) or j == len(right):
        rest = (*path.merged, left[i] if j == len(right) else right[j])
        return [_Path(rest, i + (j == len(right)), j + (i == len(left)), path.log_probabilities)]
    p = judge(left[i], right[j])
    takes_left = _Path((*path.merged, left[i]), i + 1, j, (*path.log_probabilities, math.log(p + _LEAST)))
    takes_right = _Path((*path.merged, right[j]), i, j + 1, (*path.log_probabilities, math.log(1 - p + _LEAST)))
    in_order = [takes_left, takes_right] if p >= 0.5 else [takes_right, takes_left]
    return in_order if abs(p - 0.5) <= gap else in_order[:1]
