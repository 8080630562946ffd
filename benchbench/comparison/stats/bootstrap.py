"""Paired bootstrap over prompts, crossed with seeds, for metrics that are not means over prompts.

Prompts are resampled once per draw and used for every method and every seed (Sellam et al. 2022, MultiBERTs,
arXiv:2106.16163). The draws give the variance over prompts, the seeds themselves that over seeds, and both make the
crossed t of `intervals`, at every number of seeds (evaluation.md C2 ii). Percentiles of means over resampled seeds are
no alternative: the spread of k resampled points is low by sqrt((k - 1) / k) and has no t correction, and draws of
prompts within drawn seeds count the residual twice.

Coverage at 95 % (100 prompts, true difference 0, 400 repeats; docs/statistics.md), quiet / noisy seeds:

    metric        k = 3        k = 5        k = 6        k = 10
    auc           .950 / .932  .940 / .963  .963 / .953  .950 / .948
    auc_centred   .963 / .948  .938 / .953  .945 / .935  .960 / .943
    std_margin    .955 / .955  .965 / .960  .940 / .943  .950 / .968
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchbench.comparison.stats.clustered import of_one_seed
from benchbench.comparison.stats.intervals import (
    EVEN,
    NO_SPREAD,
    Interval,
    Spread,
    few_seeds_note,
    t_interval,
    undefined_interval,
)
from benchbench.core.measurement import Array, PairScores

DRAWS = 2000
"""Default number of draws."""

_LARGEST_BLOCK = 2**21
"""Numbers of one array of counts, 16 MiB; draws are taken in blocks of so many."""

Value = Callable[[PairScores], float]
Vectorised = Callable[[PairScores, Array], Array]


def resample(
    scores: Sequence[PairScores],
    value: Value,
    *,
    rng: np.random.Generator,
    draws: int,
    counted: Vectorised | None = None,
    placed: Vectorised | None = None,
) -> Array:
    """[draws, cells] the metric of every cell on the same resampled prompts.

    Args:
        scores: of every cell, over the same pairs.
        value: the metric.
        rng: generator of the resampling.
        draws: number of resamplings.
        counted: the same faster, from [draws, n] how often each pair is in a draw.
        placed: the same faster, from [draws, m] places of the pairs of draws that have m pairs each.
    """
    first = scores[0]
    if any(len(cell.chosen) != len(first.chosen) or cell.prompts != first.prompts for cell in scores):
        raise ValueError("expected cells over the same pairs, got different numbers of pairs or prompts")
    cells, places = _distinct(scores)
    if counted is not None:
        blocks = [[counted(cell, counts) for cell in cells] for counts in _counts(first, rng, draws)]
        return np.concatenate([np.stack(block, axis=1) for block in blocks])[:, places]
    drawn = np.empty((draws, len(cells)))
    for chosen, pairs in _places(first, rng, draws):
        if placed is not None:
            drawn[chosen] = np.stack([placed(cell, pairs) for cell in cells], axis=1)
        else:
            drawn[chosen] = [[value(_take(cell, row)) for cell in cells] for row in pairs]
    return drawn[:, places]


def _distinct(scores: Sequence[PairScores]) -> tuple[list[PairScores], list[int]]:
    """(cells with different scores, [cells] place of each one's); a reward model scores all labels of a seed alike."""
    first: dict[Hashable, PairScores] = {}
    contents = [_content(cell) for cell in scores]
    for content, cell in zip(contents, scores, strict=True):
        first.setdefault(content, cell)
    places = {content: place for place, content in enumerate(first)}
    return list(first.values()), [places[content] for content in contents]


def _content(scores: PairScores) -> Hashable:
    beside = [*scores.columns.values(), *scores.stored.values()]
    sides = [scores.chosen, scores.rejected, *(side for pair in beside for side in pair)]
    return (scores.tie_credit, *scores.columns, *scores.stored, *(side.tobytes() for side in sides))


def _counts(scores: PairScores, rng: np.random.Generator, draws: int) -> Iterator[Array]:
    """[draws of a block, pairs] how often each pair is in a draw, the draws next to each other in memory."""
    n, pairs = scores.prompts, len(scores.chosen)
    step = max(1, _LARGEST_BLOCK // pairs)
    for start in range(0, draws, step):
        size = min(step, draws - start)
        drawn = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(size)])
        counts = np.ascontiguousarray(drawn.T, dtype=np.float64)  # [prompts, draws of the block]
        yield (counts if scores.prompt is None else counts[scores.prompt]).T


def _places(scores: PairScores, rng: np.random.Generator, draws: int) -> Iterator[tuple[list[int], Array]]:
    """(draws with equally many pairs, [those draws, m] places of their pairs), until every draw was there."""
    members = _Members.of(scores)
    step = max(1, _LARGEST_BLOCK // len(scores.chosen))
    for start in range(0, draws, step):
        by_length: dict[int, dict[int, Array]] = {}
        for draw in range(start, min(draws, start + step)):
            pairs = members.of_prompts(rng.integers(scores.prompts, size=scores.prompts))
            by_length.setdefault(len(pairs), {})[draw] = pairs
        for rows in by_length.values():
            yield list(rows), np.stack(list(rows.values()))


@dataclass(frozen=True, eq=False)
class _Members:
    """The pairs of each prompt."""

    order: Array | None
    """[n] places of the pairs by prompt; none where every pair has a prompt of its own."""
    starts: Array
    """[prompts] place in `order` of each one's first pair."""
    sizes: Array
    """[prompts]"""

    @staticmethod
    def of(scores: PairScores) -> _Members:
        if scores.prompt is None:
            return _Members(None, np.empty(0), np.empty(0))
        sizes = np.bincount(scores.prompt)
        return _Members(np.argsort(scores.prompt, kind="stable"), np.cumsum(sizes) - sizes, sizes)

    def of_prompts(self, prompts: Array) -> Array:
        """Places of all pairs of some prompts, one prompt after the other."""
        if self.order is None:
            return prompts
        sizes = self.sizes[prompts]
        before = np.cumsum(sizes) - sizes
        return self.order[np.repeat(self.starts[prompts] - before, sizes) + np.arange(sizes.sum())]


def bootstrap_interval(observed: Array, drawn: Array, *, n: int, level: float = 0.95) -> Interval:
    """Interval of the mean over seeds of a paired difference; over prompts alone, and labelled so, for one seed.

    Args:
        observed: [k] difference of each seed on all prompts.
        drawn: [draws, k] the same on resampled prompts.
        n: number of prompts.
        level: coverage of the interval, in (0, 1).
    """
    k = len(observed)
    mean = float(observed.mean())
    note = _no_interval(observed, drawn, n)
    if note:
        return undefined_interval(mean, level=level, note=note)
    if len(drawn) < 2:
        raise ValueError(f"expected at least 2 draws, got {len(drawn)}")
    spread = None if k == 1 else _spread(observed, drawn, n)
    if spread is None:
        se, df = math.sqrt(float(drawn[:, 0].var(ddof=1)) * n / (n - 1)), n - 1.0
    else:
        se, df = spread.error()
    if se <= NO_SPREAD * max(float(np.abs(observed).max()), float(np.abs(drawn).max())):
        return undefined_interval(mean, level=level, note=EVEN)
    over = "t over prompts" if k == 1 else "crossed t"
    method = f"paired bootstrap ({len(drawn)} draws), {over}"
    interval = t_interval(mean, se, df, level=level, method=method, note=few_seeds_note(k))
    return of_one_seed(interval) if k == 1 else replace(interval, spread=spread)


def _spread(observed: Array, drawn: Array, n: int) -> Spread:
    """The three mean squares of the crossed interval, the two over prompts from the draws.

    For a metric that is a mean over prompts the expectation of each over the draws is exactly the mean
    square of `crossed_interval`; the factor n / (n - 1) undoes the bias of the bootstrap variance.
    """
    k = len(observed)
    centre = drawn.mean(axis=1)  # [draws]
    unbias = n / (n - 1)
    return Spread(
        seeds=float(observed.var(ddof=1)) / k,
        prompts=float(centre.var(ddof=1)) * unbias,
        residual=float((drawn - centre[:, None]).var(axis=0, ddof=1).sum()) * unbias / ((k - 1) * k),
        k=k,
        n=n,
    )


def _no_interval(observed: Array, drawn: Array, n: int) -> str:
    if not (np.isfinite(observed).all() and np.isfinite(drawn).all()):
        return "a difference is not finite"
    if n == 1:
        return "one prompt: prompt variance not estimated, no interval"
    if np.ptp(observed) == 0 and np.ptp(drawn) == 0:
        return "all differences are equal: no spread to measure, no interval"
    return ""


def _take(scores: PairScores, pairs: Array) -> PairScores:
    columns, stored = (
        {name: (chosen[pairs], rejected[pairs]) for name, (chosen, rejected) in beside.items()}
        for beside in (scores.columns, scores.stored)
    )
    return PairScores(scores.chosen[pairs], scores.rejected[pairs], columns, scores.tie_credit, stored=stored)
