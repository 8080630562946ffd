"""Scores of K candidates from an incomplete and partly wrong matrix of comparisons, by robust low-rank completion.

The log-odds that candidate i beats j form a skew-symmetric matrix; under the Bradley-Terry model it is w_i - w_j, of
rank 2. It is split into a low-rank part and a sparse part of corrupted entries by alternating projections: a truncated
singular value decomposition with missing entries at their present estimate, then a hard threshold of what is left
over, which falls as the estimate improves. A candidate's score is the mean of its row of the low-rank part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchbench.core.example import Example
from benchbench.core.method import Column, Paper
from benchbench.core.ranges import require_above_zero, require_at_least, require_within
from benchbench.core.transform import Transform, Transformed
from benchbench.data.column_shape import columns_of, values_of
from benchbench.data.derivation import expand, with_columns

Matrix = np.ndarray


@dataclass(frozen=True)
class Options:
    """Where the comparisons stand, and how the matrix is repaired.

    Raises:
        ValueError: a value out of its range.
    """

    candidates: int
    """K, candidates of every example, >= 3; in planted matrices corruptions could be told from 12 on, and not at 8."""
    wins: str = "wins_"
    """Beginning of the columns' names: column `wins_j` has, per candidate i, the probability or share of votes with
    which i beats j; missing where they were not compared."""
    rank: int = 2
    """Rank of the repaired matrix of log-odds, even, >= 2; 2 is Bradley-Terry."""
    threshold: float = 1.0
    """Smallest deviation of a log-odds from the low-rank part that counts as a corruption, in nats, > 0."""
    clip: float = 0.01
    """Probabilities are kept within [clip, 1 - clip], in (0, 0.5), so that their log-odds are finite."""
    iterations: int = 200
    """Alternating projections, >= 1."""

    def __post_init__(self) -> None:
        require_at_least(self, 3, "candidates")
        require_at_least(self, 1, "iterations")
        if self.rank < 2 or self.rank % 2:
            raise ValueError(f"rank: expected an even number of at least 2, got {self.rank}")
        require_above_zero(self, "threshold")
        require_within(self, "clip", "(0, 0.5)", what="probability")


def repaired(wins: Matrix, options: Options) -> tuple[Matrix, Matrix]:
    """The low-rank part [K, K] of the log-odds, and which entries [K, K] were taken for corrupted.

    Args:
        wins: [K, K] probability that i beats j, NaN where unknown; an entry without its mirror stands for both.
        options: of the repair.
    """
    with np.errstate(invalid="ignore"):
        clipped = np.clip(wins, options.clip, 1 - options.clip)
    odds = np.log(clipped) - np.log1p(-clipped)
    sides = np.stack([odds, -odds.T])
    known = ~np.isnan(sides).all(axis=0) & ~np.eye(len(wins), dtype=bool)
    observed = np.where(known, np.nansum(sides, axis=0) / np.maximum(1, (~np.isnan(sides)).sum(axis=0)), 0.0)
    low_rank, sparse = np.zeros_like(observed), np.zeros_like(observed)
    largest = float(np.abs(observed).max())
    for step in range(options.iterations):
        filled = np.where(known, observed - sparse, low_rank)
        left, values, right = np.linalg.svd((filled - filled.T) / 2)
        low_rank = (left[:, : options.rank] * values[: options.rank]) @ right[: options.rank]
        rest = np.where(known, observed - low_rank, 0.0)
        sparse = np.where(np.abs(rest) > max(options.threshold, largest * 0.95**step), rest, 0.0)
    return low_rank, sparse != 0


def apply(examples: Sequence[Example], options: Options, seed: int) -> Transformed:
    """Every example with `repaired_score` [K], in nats around 0; the seed is not read."""
    remarks: Counter[str] = Counter()

    def rule(example: Example) -> Sequence[Example] | str:
        if len(example.candidates) != options.candidates:
            return "another number of candidates"
        columns = columns_of(example)
        wins = np.array([values_of(columns[column.name]) for column in _reads(options)]).T
        missing = np.isnan(wins) & np.isnan(wins.T) & ~np.eye(len(wins), dtype=bool)
        if missing.sum(axis=1).max() == len(wins) - 1:
            return "candidate without a comparison"
        low_rank, corrupted = repaired(wins, options)
        remarks["with entries taken for corrupted"] += bool(corrupted.any())
        remarks["with missing entries"] += bool(missing.any())
        return [with_columns(example, repaired_score=tuple(float(mean) for mean in low_rank.mean(axis=1)))]

    return expand(examples, rule, changed=remarks)


def _reads(options: Options) -> tuple[Column, ...]:
    names = (f"{options.wins}{j}" for j in range(options.candidates))
    return tuple(Column(name, low=0.0, high=1.0, per="candidate", missing="keep") for name in names)


TRANSFORM = Transform(
    name="repair_comparisons",
    options=Options,
    apply=apply,
    reads=_reads,
    makes_columns=("repaired_score",),
    paper=Paper(
        "Nguyen et al.",
        2024,
        arxiv="2403.02745",
        title="CURATRON: Complete and Robust Preference Data for Rigorous Alignment of Large Language Models",
    ),
    open_question="Written from the idea of the paper; its own algorithm and thresholds were not compared.",
)
