"""Probability of improvement: how often a run of one method is better than a run of another.

Agarwal et al. 2021, arXiv:2108.13264: mean over tasks of P(X > Y) + P(X = Y) / 2, the Mann-Whitney U statistic over the
number of pairs of runs, as rliable's `probability_of_improvement` computes it (google-research/rliable at 3ccd9f4,
`metrics.py`). Here one setting is one task. It says how often, and nothing of how much: with three seeds each it is one
of ten values.
"""

from __future__ import annotations

import math

import numpy as np

from benchbench.core.measurement import Array


def probability_of_improvement(candidate: Array, baseline: Array, *, direction: str = "higher") -> float:
    """Share of pairs of runs, in [0, 1], in which the candidate's is better; ties one half.

    Args:
        candidate: [k] value of each run.
        baseline: [m] value of each run of the other method.
        direction: `higher` or `lower`, which way is better; NaN for `none`, as without runs or with a NaN among them.
    """
    values = np.concatenate([candidate, baseline])
    if direction == "none" or not candidate.size or not baseline.size or np.isnan(values).any():
        return math.nan
    gain = np.sign(candidate[:, None] - baseline[None, :])  # [k, m]
    return float((1 + (gain if direction == "higher" else -gain)).mean() / 2)
