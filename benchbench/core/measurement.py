"""Metric and Measurement: a number with its unit, direction, count and version."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from benchbench.core.clusters import over_prompts

Array = np.ndarray


@dataclass(frozen=True)
class PairScores:
    """Scores of n held-out pairs under one scoring, and the columns that belong to the responses.

    Raises:
        ValueError: arrays of different lengths.
    """

    chosen: Array
    """[n] float64 score of the chosen response."""
    rejected: Array
    """[n] float64 score of the rejected response."""
    columns: Mapping[str, tuple[Array, Array]] = field(default_factory=dict)
    """Per-candidate columns such as `gold`: ([n] chosen, [n] rejected)."""
    tie_credit: float = 0.5
    """What a tied pair earns, in [0, 1]."""
    prompt: Array | None = None
    """[n] number of each pair's prompt, from 0, which is its cluster; none where every pair has a prompt of its own."""
    stored: Mapping[str, tuple[Array, Array]] = field(default_factory=dict)
    """What scoring keeps of every response, ([n] chosen, [n] rejected), of what the metric reads: `reference`, the same
    score under the reference policy, and `n_tokens`, scored tokens."""

    def __post_init__(self) -> None:
        if self.chosen.shape != self.rejected.shape or self.chosen.ndim != 1:
            raise ValueError(f"expected two arrays [n], got {self.chosen.shape} and {self.rejected.shape}")

    @property
    def prompts(self) -> int:
        """Number of different prompts."""
        return len(self.chosen) if self.prompt is None else int(self.prompt.max()) + 1

    @property
    def margin(self) -> Array:
        """[n] chosen minus rejected."""
        return self.chosen - self.rejected


@dataclass(frozen=True)
class Measurement:
    """One value of one metric under one scoring; NaN carries a note that says why."""

    metric: str
    scoring: str
    value: float
    se: float
    """Standard error over prompts; NaN where none is defined."""
    n: int
    unit: str
    direction: str
    """`higher`, `lower` or `none`."""
    version: int
    note: str = ""

    def __post_init__(self) -> None:
        if math.isnan(self.value) and not self.note:
            raise ValueError(f"{self.metric}: a NaN needs a note")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One exhibit of the metrics room: a pure function of pair scores."""

    name: str
    unit: str
    direction: str
    """`higher`, `lower` or `none`: which way is better."""
    value: Callable[[PairScores], float]
    """The metric of all pairs; only called with n >= 1 finite pairs."""
    per_pair: Callable[[PairScores], Array] | None = None
    """[n] contributions whose mean is the metric; none where the metric is not a mean over pairs."""
    se: Callable[[PairScores], float] | None = None
    """Standard error over prompts, where it is not that of a mean."""
    resampled: Callable[[PairScores, Array], Array] | None = None
    """(scores, [draws, n] how often each pair is in a draw) -> [draws] `value` of every draw, to the last bit; where
    there is a faster way than one draw after another."""
    drawn: Callable[[PairScores, Array], Array] | None = None
    """(scores, [draws, m] places of the pairs of each draw) -> the same, where the order of the pairs shapes the last
    bit."""
    influence: Callable[[PairScores], Array] | None = None
    """[n] values of the pairs whose mean is the metric and whose spread over prompts is that of the metric, where it is
    no mean over pairs; two checkpoints on the same pairs are compared by their differences."""
    equivalence_margin: float = math.nan
    """Difference below which two methods count as equal in this metric, our proposal; NaN where none is proposed."""
    columns: tuple[str, ...] = ()
    """Columns the metric reads; without them it is not computed."""
    columns_per: Literal["candidate", "example"] = "candidate"
    """One number per response, or one per pair, which then stands on both sides."""
    reads: tuple[str, ...] = ()
    """What it reads of `PairScores.stored`; without all of it, it is not computed."""
    undefined: Callable[[PairScores], str] | None = None
    """Why finite scores give no value, as where no pair is of the kind that it is about; empty where they give one."""
    scorings: tuple[str, ...] = ()
    """Scorings under which it has a meaning; none for all. Beside other scorings it is measured where asked for."""
    version: int = 1
    """Raised by hand when the numbers change."""

    def measure(self, scores: PairScores, scoring: str) -> Measurement:
        """The measurement, or NaN with a note where it is undefined."""
        n = len(scores.chosen)
        note = self._note(scores)
        if note:
            return self._measurement(scoring, math.nan, math.nan, n, note)
        value = float(self.value(scores))
        return self._measurement(scoring, value, self._error(scores), n, "" if math.isfinite(value) else "not finite")

    def _note(self, scores: PairScores) -> str:
        """Why there is no value; mostly empty."""
        note = _undefined(scores, self.columns, self.reads)
        return note or ("" if self.undefined is None else self.undefined(scores))

    def _error(self, scores: PairScores) -> float:
        if self.se is not None:
            return float(self.se(scores))
        if self.per_pair is None or scores.prompts < 2:
            return math.nan
        values = self.by_prompt(scores)
        return float(values.std(ddof=1) / math.sqrt(len(values)))

    def by_prompt(self, scores: PairScores) -> Array:
        """[prompts] values whose mean is that over pairs; NaN where the metric is undefined.

        Raises:
            ValueError: the metric is no mean over pairs.
        """
        if self.per_pair is None:
            raise ValueError(f"expected a metric that is a mean over pairs, got '{self.name}'")
        values = over_prompts(self.per_pair(scores), scores.prompt)
        return np.full_like(values, math.nan) if self._note(scores) else values

    def _measurement(self, scoring: str, value: float, se: float, n: int, note: str) -> Measurement:
        return Measurement(self.name, scoring, value, se, n, self.unit, self.direction, self.version, note)


def _undefined(scores: PairScores, columns: tuple[str, ...], reads: tuple[str, ...]) -> str:
    if len(scores.chosen) == 0:
        return "no held-out pairs"
    if not (np.isfinite(scores.chosen).all() and np.isfinite(scores.rejected).all()):
        return "a score is not finite"
    for name in columns:
        if not all(np.isfinite(values).all() for values in scores.columns[name]):
            return f"a value of column {name} is not finite"
    for name in reads:
        if not all(np.isfinite(values).all() for values in scores.stored[name]):
            return f"a value of {name} is not finite"
    return ""
