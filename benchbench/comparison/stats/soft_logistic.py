"""Logistic models of soft outcomes without penalty, and what each prompt contributes to their coefficients."""

from __future__ import annotations

import numpy as np
from scipy.special import entr, expit

from benchbench.core.measurement import Array

_STEPS = 100
_DECREMENT = 1e-12
"""Gain in log-likelihood per unit of weight that the last step promises; the step after it would gain its square."""


def fit(design: Array, outcome: Array, weight: Array) -> Array:
    """Maximum-likelihood coefficients [p], by Newton's method with halved steps.

    Args:
        design: [m, p] of full column rank.
        outcome: [m] in [0, 1]; a tie is 0.5.
        weight: [m] positive.

    The caller has made sure that a finite maximum exists.

    Raises:
        RuntimeError: no maximum found after all.
    """
    coefficients = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        loss = _loss(design, outcome, weight, coefficients)
        gradient = design.T @ (weight * (outcome - expit(design @ coefficients)))
        step = np.linalg.solve(_information(design, weight, coefficients), gradient)
        if gradient @ step <= _DECREMENT * weight.sum():
            return coefficients + step
        while _loss(design, outcome, weight, coefficients + step) > loss:
            step = step / 2
        coefficients = coefficients + step
    raise RuntimeError(f"no maximum of the likelihood after {_STEPS} steps")


def influence(design: Array, outcome: Array, weight: Array, coefficients: Array, cluster: Array, n: int) -> Array:
    """[n, p] influence of each of n clusters on the coefficients; the mean over clusters is zero.

    Args:
        design: [m, p].
        outcome: [m].
        weight: [m].
        coefficients: [p] as fitted.
        cluster: [m] number of each row's cluster, in [0, n).
        n: number of clusters; one without a row has no influence.

    Its sum of squares over n (n - 1) is the sandwich variance H^-1 (sum_c s_c s_c') H^-1 times n / (n - 1), with s_c
    the score of a cluster (Liang & Zeger 1986).
    """
    residual = weight * (outcome - expit(design @ coefficients))
    scores = np.zeros((n, design.shape[1]))
    np.add.at(scores, cluster, residual[:, None] * design)
    return n * np.linalg.solve(_information(design, weight, coefficients), scores.T).T


def deviance(design: Array, outcome: Array, weight: Array, coefficients: Array) -> float:
    """Half the deviance: by how much the log-likelihood is below that of a model which predicts each outcome itself."""
    return _loss(design, outcome, weight, coefficients) - float(weight @ (entr(outcome) + entr(1 - outcome)))


def _information(design: Array, weight: Array, coefficients: Array) -> Array:
    p = expit(design @ coefficients)
    return (design * (weight * p * (1 - p))[:, None]).T @ design


def _loss(design: Array, outcome: Array, weight: Array, coefficients: Array) -> float:
    logits = design @ coefficients
    return float(weight @ (np.logaddexp(0, logits) - outcome * logits))
