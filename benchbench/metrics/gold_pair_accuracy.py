"""How often the score orders the two responses as the gold reward does.

Only where the data carry a column `gold`, as the toy world does. Which response the annotator chose
plays no part. A pair that gold itself cannot order counts one half whatever the score says; a tie of
the score earns the tie credit.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] 1 for the gold order, 0 for its reverse, the tie credit for a tied score, 0.5 for tied gold."""
    gold_chosen, gold_rejected = scores.columns["gold"]
    agrees = (scores.chosen > scores.rejected) == (gold_chosen > gold_rejected)
    credit = np.where(scores.chosen == scores.rejected, scores.tie_credit, agrees)
    return np.where(gold_chosen == gold_rejected, 0.5, credit)


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(
    name="gold_pair_accuracy",
    unit="fraction",
    direction="higher",
    value=value,
    per_pair=per_pair,
    equivalence_margin=0.015,
    columns=("gold",),
)
