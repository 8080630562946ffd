"""ROC AUC of the scores minus their pair's mean: AUC without the offset of each prompt.

The centred scores are plus and minus half the margin, so this is P(d_i + d_j > 0) over all pairs of
pairs: a view of the margins that rewards large right ones. Ties count one half.
"""

from __future__ import annotations

from benchbench.core.measurement import Array, Metric, PairScores
from benchbench.metrics._auc import area, clustered_error, influences, resampled_area


def value(scores: PairScores) -> float:
    """AUC of +margin against -margin; the factor one half changes no order."""
    return area(scores.margin, -scores.margin)


def se(scores: PairScores) -> float:
    """Clustered standard error: both centred scores of a pair come from one margin."""
    return clustered_error(scores.margin, -scores.margin, scores.prompt)


def influence(scores: PairScores) -> Array:
    """[n] DeLong's components of each pair less the area, so that their mean is the area."""
    return influences(scores.margin, -scores.margin) - value(scores)


def resampled(scores: PairScores, counts: Array) -> Array:
    """Of every draw of a bootstrap over prompts."""
    return resampled_area(scores.margin, -scores.margin, counts)


METRIC = Metric(
    name="auc_centred",
    unit="fraction",
    direction="higher",
    value=value,
    se=se,
    resampled=resampled,
    influence=influence,
    equivalence_margin=0.015,
)
