"""The logistic function of a single number: a difference of scores as the probability of a preference."""

from __future__ import annotations

import math


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)), without overflow.

    Not scipy's `expit`, which differs in the last digit: verdicts and labels that were stored would be of two kinds.
    """
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0 else math.exp(x) / (1.0 + math.exp(x))
