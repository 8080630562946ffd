"""How far the reference stands against each pair: its log-probability of the rejected response less the chosen one's.

Chen et al. 2024, arXiv:2405.19534: with c this number, DPO ranks a pair rightly if and only if its loss is at most
-log sigmoid(beta c), so c says what must be learnt for the pair to be flipped; below 0 it is right from the start.
`per_pair` has it for each pair, the metric is the mean. Per token where the score is.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] nats, or nats per token: c of every pair."""
    chosen, rejected = scores.stored["reference"]
    return rejected - chosen


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


def highest_loss(difficulty: Array, beta: float) -> Array:
    """[n] the DPO loss, in nats, up to which a pair of this difficulty (in nats, of sums) is ranked rightly.

    Args:
        difficulty: [n] c of every pair.
        beta: of the DPO loss, > 0.
    """
    return np.logaddexp(0.0, -beta * difficulty)


METRIC = Metric(
    name="reference_difficulty",
    unit="score",
    direction="none",
    value=value,
    per_pair=per_pair,
    reads=("reference",),
    scorings=("logp_sum", "logp_mean"),
)
