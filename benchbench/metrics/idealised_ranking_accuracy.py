"""Ranking accuracy of the policy that optimises the KL-regularised objective perfectly: what the reference allows.

Chen et al. 2024, arXiv:2405.19534: that policy ranks a pair rightly if and only if
lp0(w) - lp0(l) + log(alpha / (1 - alpha)) / beta > 0, with lp0 the reference's log-probability and alpha the share of
annotators who prefer w. Here alpha is the column `p_chosen` where a pair has it, else 0.75, clipped to
[0.001, 0.999]; of the five betas of the authors' code the median accuracy is taken. Where log-probabilities are per
token, so are the reference's. The authors' code (angie-chen55/pref-learning-ranking-acc) takes the ratio of summed
log-probabilities for their difference in its raw form and has a band of ties; this is the paper's formula, and does not
reproduce its raw column.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores

BETAS = (0.01, 0.1, 1.0, 5.0, 10.0)
"""Strengths of the KL penalty, in units of reward per nat."""
UNKNOWN_SHARE = 0.75
"""Share of annotators who prefer the chosen response, where none is known."""
_CLIP = 1e-3


def correct(reference_margin: Array, share: Array | float, beta: float) -> Array:
    """[n] 1 where the ideal policy prefers the chosen response, else 0.

    Args:
        reference_margin: [n] nats, lp0(w) - lp0(l).
        share: of annotators who prefer w, in [0, 1].
        beta: strength of the KL penalty, > 0.
    """
    alpha = np.clip(share, _CLIP, 1 - _CLIP)
    return (reference_margin + np.log(alpha / (1 - alpha)) / beta > 0).astype(np.float64)


def per_pair(scores: PairScores) -> Array:
    """[n] of the beta whose accuracy is the median."""
    chosen, rejected = scores.stored["reference"]
    share = scores.columns["p_chosen"][0] if "p_chosen" in scores.columns else np.full(len(chosen), np.nan)
    share = np.where(np.isfinite(share), share, UNKNOWN_SHARE)
    by_beta = [correct(chosen - rejected, share, beta) for beta in BETAS]
    return sorted(by_beta, key=np.mean)[len(BETAS) // 2]


def value(scores: PairScores) -> float:
    """Median over betas of the mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(
    name="idealised_ranking_accuracy",
    unit="fraction",
    direction="none",
    value=value,
    per_pair=per_pair,
    reads=("reference",),
    scorings=("logp_sum", "logp_mean"),
)
