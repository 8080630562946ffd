"""McNemar's test of one pair of checkpoints: which of the two is right on more of the same pairs.

Only pairs on which the two disagree tell them apart; under no difference each falls to either side with probability one
half (McNemar 1947). The mid-p form counts the observed table half, is close to its level where the exact test is far
below it, and rarely above (Fagerland et al. 2013, BMC Med Res Methodol 13:91). The conclusion is about the two runs
that were made and not about their methods.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from benchbench.core.measurement import Array


@dataclass(frozen=True)
class McNemar:
    """Discordant pairs of two checkpoints and the two-sided p-values of no difference."""

    wins: int
    """Pairs on which the first earns more."""
    losses: int
    """Pairs on which the second does."""
    exact: float
    """Exact binomial p-value, in [0, 1]; 1 without discordant pairs."""
    mid_p: float
    """Exact less the probability of the observed table, in (0, 1]; 1 without discordant pairs."""


def mcnemar(first: Array, second: Array) -> McNemar:
    """The test on [n] points of two checkpoints on the same pairs, in the same order.

    Where points are 0 and 1 this is McNemar's test; a half point for a tie is between the two, and the same test is
    then the sign test. Pairs are taken as independent: none of two pairs of one prompt.

    Raises:
        ValueError: arrays that are not [n] both, or a point that is not finite.
    """
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"expected two arrays [n], got {first.shape} and {second.shape}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise ValueError("a point is not finite")
    wins, losses = int((first > second).sum()), int((first < second).sum())
    exact, mid_p = _p_values(wins, losses)
    return McNemar(wins, losses, exact, mid_p)


def _p_values(wins: int, losses: int) -> tuple[float, float]:
    discordant, fewer = wins + losses, min(wins, losses)
    exact = min(1.0, 2 * float(stats.binom.cdf(fewer, discordant, 0.5)))
    observed = float(stats.binom.pmf(fewer, discordant, 0.5))
    if discordant == 0:
        return exact, 1.0
    return exact, 1 - observed / 2 if wins == losses else exact - observed
