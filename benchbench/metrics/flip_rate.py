"""How many of the pairs that the reference ranks wrongly the policy ranks rightly.

Chen et al. 2024, arXiv:2405.19534: preference training rarely flips a ranking; the reference has to be overcome by the
whole of its log-ratio (`reference_difficulty`). A pair is ranked wrongly where the reference gives the rejected
response the higher score of the same kind, in sum or per token. Ties of the policy earn the tie credit.
"""

from __future__ import annotations

import math

import numpy as np

from benchbench.core.clusters import over_prompts
from benchbench.core.measurement import Array, Metric, PairScores


def value(scores: PairScores) -> float:
    """Mean over the pairs that the reference has wrong; NaN where there are none."""
    wrong = _wrong(scores)
    return float(_points(scores)[wrong].mean()) if wrong.any() else math.nan


def _influence(scores: PairScores) -> Array:
    """[n] the rate, and of a pair that the reference has wrong its deviation from it over the share of such pairs."""
    wrong, rate = _wrong(scores), value(scores)
    return rate + np.where(wrong, _points(scores) - rate, 0.0) / wrong.mean()


def se(scores: PairScores) -> float:
    """Standard error of a ratio of two means, over prompts."""
    if not _wrong(scores).any():
        return math.nan
    values = over_prompts(_influence(scores), scores.prompt)
    wrong = np.arange(len(scores.chosen)) if scores.prompt is None else scores.prompt
    if len(np.unique(wrong[_wrong(scores)])) < 2:
        return math.nan  # one prompt says nothing of a spread
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else math.nan


def undefined(scores: PairScores) -> str:
    """Said where the reference has every pair right, and of a policy that is its own reference and can flip none."""
    sides = zip((scores.chosen, scores.rejected), scores.stored["reference"], strict=True)
    if all(np.allclose(policy, reference, rtol=1e-12, atol=0) for policy, reference in sides):
        return "the policy is its own reference"
    return "" if _wrong(scores).any() else "the reference ranks no pair wrongly"


def _wrong(scores: PairScores) -> Array:
    chosen, rejected = scores.stored["reference"]
    return chosen < rejected


def _points(scores: PairScores) -> Array:
    return np.where(scores.chosen == scores.rejected, scores.tie_credit, scores.chosen > scores.rejected)


METRIC = Metric(
    name="flip_rate",
    unit="fraction",
    direction="higher",
    value=value,
    se=se,
    reads=("reference",),
    undefined=undefined,
    scorings=("logp_sum", "logp_mean"),
)
