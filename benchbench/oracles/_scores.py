"""What oracles that score each response share: batches of groups, and labels of numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from benchbench.core.oracle import OracleContext
from benchbench.core.rollout import Labels

BATCH = 64
"""Groups that a model is asked about at once; between two batches a run can be stopped."""


def batches(count: int, size: int, context: OracleContext) -> Iterator[range]:
    """Places 0 to `count`, so many at a time, until the run is to stop."""
    for start in range(0, count, size):
        if context.judge.should_stop():
            return
        yield range(start, min(start + size, count))


def scored(
    scores: Sequence[float | None], *, tau: float = 1.0, columns: Mapping[str, Sequence[float]] | None = None
) -> Labels:
    """Labels of one score per response, each of them an answer; a number that is not finite is no answer.

    Args:
        scores: [K], higher is better; none where the oracle had no answer.
        tau: difference of scores that is one logit of a preference, > 0.
        columns: name -> [K] further numbers.
    """
    finite = tuple(score if score is not None and math.isfinite(score) else None for score in scores)
    further = {name: tuple(values) for name, values in (columns or {}).items()}
    return Labels(scores=finite, answers=sum(score is not None for score in finite), columns=further, tau=tau)


def ruled(scores: Sequence[float]) -> Labels:
    """Labels of a rule that errs in nothing: the higher score wins for certain, and equal ones tie.

    Args:
        scores: [K], higher is better, in no unit of a preference, so that no difference of them is a probability.
    """
    pairs = combinations([place for place, score in enumerate(scores) if math.isfinite(score)], 2)
    wins = {(i, j): 0.5 if scores[i] == scores[j] else float(scores[i] > scores[j]) for i, j in pairs}
    return replace(scored(scores), wins=wins)


def mean(values: Sequence[float]) -> float | None:
    """Mean of some numbers; none where there are none."""
    return math.fsum(values) / len(values) if values else None
