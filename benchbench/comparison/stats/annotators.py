"""Annotators who differ, and the one Bradley-Terry model that is nearest to their common preferences.

Dumoulin et al. 2023, arXiv:2311.14115; the population's preference as in google-deepmind/pbde at 1d3861c, PBDE.ipynb.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit, logsumexp

from benchbench.comparison.stats.soft_logistic import fit
from benchbench.core.measurement import Array


def log_mixture(log_p: Array, weights: Array) -> Array:
    """[n] log of the mixture of the annotators' distributions.

    Args:
        log_p: [annotators, n] log of each annotator's implicit preference distribution, finite.
        weights: [annotators] share of labels of each, above 0, summing to 1.
    """
    return np.asarray(logsumexp(np.log(weights)[:, None] + log_p, axis=0))


def population_preference(log_p: Array, weights: Array) -> Array:
    """[n, n] probability that a label prefers the row's outcome to the column's: each annotator follows Luce's rule."""
    return np.einsum("a,aij->ij", weights, expit(log_p[:, :, None] - log_p[:, None, :]))


def pair_bias(log_p: Array, weights: Array) -> Array:
    """[n, n] nats by which labels favour the row's outcome beyond the log-ratio of the mixture."""
    mixture = log_mixture(log_p, weights)
    return logit(population_preference(log_p, weights)) - (mixture[:, None] - mixture)


def nearest_rewards(preference: Array) -> Array:
    """[n] rewards, the first 0, whose Bradley-Terry model is nearest in cross-entropy to preferences [n, n] in (0, 1).

    Every pair of outcomes weighs alike.
    """
    i, j = np.triu_indices(len(preference), 1)
    unit = np.eye(len(preference))[:, 1:]
    return np.append(0.0, fit(unit[i] - unit[j], preference[i, j], np.ones(len(i))))
