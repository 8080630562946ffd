"""A logistic model of soft outcomes with standard errors over clusters, and whether it has a maximum at all."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.special import expit, ndtr

from benchbench.comparison.stats.soft_logistic import fit, influence
from benchbench.core.measurement import Array


@dataclass(frozen=True, eq=False)
class LogisticModel:
    """P(outcome) = sigmoid(design @ coefficients), fitted by maximum likelihood; NaN where there is no maximum."""

    coefficients: Array
    """[p] log-odds per unit of each column."""
    se: Array
    """[p] sandwich standard errors over clusters (Liang and Zeger 1986), with n / (n - 1) for n clusters."""
    note: str
    """Why there are no coefficients, or no standard errors; empty where there are both."""

    @property
    def p_values(self) -> Array:
        """[p] two-sided, by the normal distribution, of a coefficient of zero."""
        return 2 * ndtr(-np.abs(self.coefficients / self.se))


def logistic_model(design: Array, outcome: Array, cluster: Array) -> LogisticModel:
    """Fit the model.

    Args:
        design: [m, p] of full column rank; a constant is a column like any other.
        outcome: [m] in [0, 1].
        cluster: [m] number of each row's cluster, from 0 and without gaps.

    A finite maximum exists unless a combination of columns never contradicts an outcome (Albert and Anderson 1984).
    """
    size, n = design.shape[1], int(cluster.max()) + 1
    nothing = np.full(size, math.nan)
    if is_separable(design, outcome):
        return LogisticModel(nothing, nothing, "the columns separate the outcomes: no finite maximum")
    weight = np.ones(len(outcome))
    coefficients = fit(design, outcome, weight)
    if n < 2:
        return LogisticModel(coefficients, nothing, "one cluster: no standard errors")
    values = influence(design, outcome, weight, coefficients, cluster, n)
    return LogisticModel(coefficients, np.sqrt((values**2).sum(axis=0) / (n * (n - 1))), "")


def is_separable(design: Array, outcome: Array) -> bool:
    """Whether some direction is on the right side of, or level with, every row, and not level with all of them.

    A row whose outcome is neither 0 nor 1 pulls both ways, so a direction must be level with it.
    """
    certain = (outcome == 0) | (outcome == 1)
    signed = design[certain] * np.where(outcome[certain] == 1, 1.0, -1.0)[:, None]
    if not len(signed):
        return False
    solved = linprog(
        -signed.sum(axis=0),
        A_ub=-signed,
        b_ub=np.zeros(len(signed)),
        A_eq=design[~certain] if not certain.all() else None,
        b_eq=np.zeros((~certain).sum()) if not certain.all() else None,
        bounds=[(-1, 1)] * design.shape[1],
    )
    return bool(solved.status == 0 and -solved.fun > 1e-9 * np.abs(design).sum())


def log_loss(design: Array, outcome: Array, coefficients: Array) -> float:
    """Mean cross-entropy of soft outcomes under the model, nats per row; NaN without coefficients."""
    if np.isnan(coefficients).any():
        return math.nan
    logits = design @ coefficients
    return float((np.logaddexp(0, logits) - outcome * logits).mean())


def agreement(design: Array, outcome: Array, coefficients: Array) -> float:
    """Share of the rows with another outcome than 0.5 that the model decides alike; NaN where there is none."""
    decided = outcome != 0.5
    if not decided.any() or np.isnan(coefficients).any():
        return math.nan
    predicted = expit(design @ coefficients)[decided]
    points = np.where(predicted == 0.5, 0.5, (predicted > 0.5) == (outcome[decided] > 0.5))
    return float(points.mean())
