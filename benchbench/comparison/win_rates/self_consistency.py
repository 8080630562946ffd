"""Whether a judge that is asked in both orders agrees with itself, tested against one that draws its winners by lot.

Two verdicts of one contest contradict each other where each names a winner and the winners differ. A judge that draws a
winner by lot in each order contradicts itself in half of such contests, whatever the texts; one that always names the
first slot does so in all of them. Contests with a tie in an order say neither, so they are counted and left out, like
those of equal texts and of missing verdicts. Contests of one prompt are no independent trials, nor are seeds, which
share their prompts: a prompt counts once, by what most of its contests say, and not where these are even. The count of
contradicting prompts is Binomial(n, 1/2) under the lot (the sign test), and both one-sided tests are made.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from benchbench.comparison.win_rates.contests import contests, side

LEVEL = 0.05
"""Of each one-sided test."""


@dataclass(frozen=True)
class SelfConsistency:
    """What a judge's verdicts of both orders say of each other, over all contests of a table."""

    contradicting: int
    """Prompts of which most contests have different winners in the two orders."""
    agreeing: int
    """Prompts of which most have the same."""
    even: int
    """Prompts with as many of both, or with none of either."""
    contests: int
    """Judged in both orders, of different texts."""
    with_a_tie: int
    """Of these, a tie in one order or in both."""
    p_contradicts: float
    """One-sided p-value of no more contradictions than by lot; NaN where no prompt counts."""
    p_agrees: float
    """One-sided p-value of no fewer."""

    @property
    def note(self) -> str:
        """What a table must say of its judge; empty where it agrees with itself, or was never asked twice."""
        if self.contests == 0:
            return ""
        tied = f", {self.with_a_tie} of {self.contests} contests left out for a tie" if self.with_a_tie else ""
        count = self.contradicting + self.agreeing
        if count == 0:
            return f"whether the judge agrees with itself is unknown: both orders never name a winner{tied}"
        test = f"{self.contradicting} of {count} prompts; binomial test against one half, p = "
        if self.p_contradicts < LEVEL:
            words = "the judge contradicts itself between the two orders more often than by lot"
            return f"{words} ({test}{self.p_contradicts:.2g}{tied})"
        if self.p_agrees >= LEVEL:
            words = "the judge is not shown to contradict itself between the two orders less often than by lot"
            return f"{words} ({test}{self.p_agrees:.2g}{tied})"
        return ""


def self_consistency(verdicts: Iterable[pd.DataFrame]) -> SelfConsistency:
    """How a judge's two orders agree over the verdict rows of a table.

    Args:
        verdicts: rows (`contests.COLUMNS`) of each seed and label.

    Raises:
        ValueError: rows that are none.
        BenchError: the same verdict twice in one frame.
    """
    examples: list[np.ndarray] = []
    signs: list[np.ndarray] = []
    for rows in verdicts:
        all_contests = contests(rows)
        first, second = all_contests.verdicts[:, :2].T
        both = np.isfinite(first) & np.isfinite(second) & ~all_contests.identical
        examples.append(all_contests.example[both])
        signs.append(-side(first[both]) * side(second[both]))  # 1 contradicts, -1 agrees, 0 has a tie
    if not examples or not sum(map(len, examples)):
        return SelfConsistency(0, 0, 0, 0, 0, math.nan, math.nan)
    by_contest = np.concatenate(signs)
    _, prompt = np.unique(np.concatenate(examples), return_inverse=True)
    by_prompt = np.sign(np.bincount(prompt, weights=by_contest))
    contradicting, agreeing = int((by_prompt > 0).sum()), int((by_prompt < 0).sum())
    n = contradicting + agreeing
    above, below = (
        float(stats.binomtest(contradicting, n, 0.5, alternative=way).pvalue) if n else math.nan
        for way in ("greater", "less")
    )
    return SelfConsistency(
        contradicting, agreeing, len(by_prompt) - n, len(by_contest), int((by_contest == 0).sum()), above, below
    )
