"""Brier score of a reward model: how far sigmoid of the margin is from the pair's order, squared.

A reward model trained with a logistic loss says with which probability the chosen response is preferred; of the label,
which is always that response, the score is (1 - p)^2, and the same for the pair in the other order. 0.25 says nothing
about any pair. It is proper and needs no bins; read it beside `calibration_error`. A probability needs the scale of the
reward, so only rewards are measured, and those of an objective without a logistic (regression, grades) have none.
"""

from __future__ import annotations

import numpy as np

from benchbench.core.measurement import Array, Metric, PairScores


def per_pair(scores: PairScores) -> Array:
    """[n] squared distance of the probability of the pair's order from 1."""
    return (0.5 - 0.5 * np.tanh(scores.margin / 2)) ** 2  # sigmoid of minus the margin, which cannot overflow


def value(scores: PairScores) -> float:
    """Mean over pairs."""
    return float(per_pair(scores).mean())


METRIC = Metric(
    name="brier",
    unit="probability",
    direction="lower",
    value=value,
    per_pair=per_pair,
    scorings=("reward_model",),
)
