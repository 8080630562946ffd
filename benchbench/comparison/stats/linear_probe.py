"""A linear probe: multinomial logistic regression on frozen states, with an L2 penalty on the weights.

The objective is scikit-learn's `LogisticRegression`: c * sum of cross-entropies + |W|^2 / 2, intercepts free; of two
classes there is one weight vector, of more there is one for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from benchbench.core.measurement import Array


@dataclass(frozen=True, eq=False)
class LinearProbe:
    """Fitted weights of each class on standardised states."""

    weights: Array
    """[classes, d] log-odds per standard deviation of a state; of two classes the first is zero."""
    intercepts: Array
    """[classes]."""
    centre: Array
    """[d] mean of the training states."""
    scale: Array
    """[d] standard deviation of the training states; 1 where a state is constant."""

    def predict(self, states: Array) -> Array:
        """[n] number of the likeliest class of each state [n, d]; of equal ones the first."""
        return self._scores(states).argmax(axis=1)

    def probabilities(self, states: Array) -> Array:
        """[n, classes] probability of each class at each state [n, d]."""
        return softmax(self._scores(states), axis=1)

    def _scores(self, states: Array) -> Array:
        """[n, classes] log-odds."""
        return (states - self.centre) / self.scale @ self.weights.T + self.intercepts


def fit_probe(states: Array, classes: Array, *, c: float = 1.0, weights: Array | None = None) -> LinearProbe:
    """Fit a probe.

    Args:
        states: [n, d] finite.
        classes: [n] whole numbers from 0 without gaps, two at least.
        c: inverse strength of the penalty, > 0.
        weights: [n] how often each row counts, at least 0; once each where none are given. They standardise nothing.
    """
    counts = np.ones(len(states)) if weights is None else weights
    centre, spread = states.mean(axis=0), states.std(axis=0)
    scale = np.where(spread > 0, spread, 1.0)
    inputs = (states - centre) / scale
    count = int(classes.max()) + 1
    free = 1 if count == 2 else count
    target = np.eye(count)[classes]

    def unpacked(values: Array) -> tuple[Array, Array]:
        """Weights [free, d] and intercepts [free]."""
        grid = values.reshape(free, -1)
        return grid[:, :-1], grid[:, -1]

    def logits(values: Array) -> Array:
        slopes, intercepts = unpacked(values)
        scores = inputs @ slopes.T + intercepts
        return np.hstack([np.zeros_like(scores), scores]) if free == 1 else scores

    def objective(values: Array) -> tuple[float, Array]:
        slopes, _ = unpacked(values)
        scores = logits(values)
        error = counts[:, None] * (softmax(scores, axis=1) - target)[:, count - free :]  # [n, free]
        gradient = np.hstack([c * error.T @ inputs + slopes, c * error.sum(axis=0)[:, None]])
        right = (log_softmax(scores, axis=1) * target).sum(axis=1)
        return -c * float(counts @ right) + 0.5 * float((slopes**2).sum()), gradient.ravel()

    start = np.zeros(free * (states.shape[1] + 1))
    solved = minimize(objective, start, jac=True, method="L-BFGS-B", options={"maxiter": 5000, "ftol": 1e-14})
    slopes, intercepts = unpacked(solved.x)
    if free == 1:
        slopes, intercepts = np.vstack([np.zeros_like(slopes), slopes]), np.append(0.0, intercepts)
    return LinearProbe(slopes, intercepts, centre, scale)


def probe_accuracy(states: Array, classes: Array, parts: Sequence[tuple[Array, Array]], c: float) -> float:
    """Share of tested rows whose class is predicted rightly.

    Args:
        states: [n, d] finite.
        classes: [n] whole numbers.
        parts: (numbers of the rows to train on, numbers of the rows to test) of each probe.
        c: inverse strength of the penalty, > 0.
    """
    right = []
    for train, test in parts:
        seen, numbers = np.unique(classes[train], return_inverse=True)  # a rare class may be in no row to train on
        predicted = fit_probe(states[train], numbers, c=c).predict(states[test]) if len(seen) > 1 else 0
        right.append(seen[predicted] == classes[test])
    return float(np.concatenate(right).mean())


def folds_of(n: int, folds: int, rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """(rows to train on, rows to test) of each fold of n rows, in an order that is drawn; equally large but for one."""
    fold = rng.permutation(np.arange(n) % folds)
    return [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(folds)]
