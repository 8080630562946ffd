"""Pooled ROC AUC: the chosen responses of all prompts against the rejected ones of all prompts.

Not pair accuracy: it also asks whether scores are comparable between prompts. A reward that is free up
to a constant per prompt, as DPO's is, may rank every pair rightly and still have a low AUC; read it
beside `pair_accuracy` and `auc_centred`. Ties count one half by definition, whatever the tie credit.
"""

from __future__ import annotations

from benchbench.core.measurement import Array, Metric, PairScores
from benchbench.metrics._auc import area, clustered_error, influences, resampled_area


def value(scores: PairScores) -> float:
    """P(a chosen response scores above a rejected one), over all n * n combinations."""
    return area(scores.chosen, scores.rejected)


def se(scores: PairScores) -> float:
    """Clustered standard error: the two responses of a pair share a prompt, as may several pairs."""
    return clustered_error(scores.chosen, scores.rejected, scores.prompt)


def influence(scores: PairScores) -> Array:
    """[n] DeLong's components of each pair less the area, so that their mean is the area."""
    return influences(scores.chosen, scores.rejected) - value(scores)


def resampled(scores: PairScores, counts: Array) -> Array:
    """Of every draw of a bootstrap over prompts."""
    return resampled_area(scores.chosen, scores.rejected, counts)


METRIC = Metric(
    name="auc",
    unit="fraction",
    direction="higher",
    value=value,
    se=se,
    resampled=resampled,
    influence=influence,
    equivalence_margin=0.015,
)
